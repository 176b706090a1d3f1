"""Photos to predict, and what of them is on disk."""

from PIL import Image


def make_photo(path, size=(6, 4)):
    """Writes a grey photo; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (200, 200, 200)).save(path)
    return path


def files_below(folder):
    """The files in a folder and its sub-folders, as "deep/name.png"."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
