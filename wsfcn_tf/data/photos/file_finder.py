"""From the names in lists, tables and annotations to the files on disk."""

import os
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from wsfcn_tf.data.photos.images import IMAGE_SUFFIXES, USUAL_SUFFIXES
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc

_OTHER_IMAGES = (".jp2", ".jxl", ".hif", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".psd", ".svg", ".ppm")


class FileFinder:
    """Finds files by name in a folder and below, listing each folder once instead of asking the disk for each name.

    A name may lack the suffix, and letters with accents may be composed or not (NFC, NFD): macOS and other systems
    write them differently. Folders may be joined by a backslash, as Windows does.

    Args:
        folder: where names begin.
        suffixes: those of the files to find, in lower case; other files are not there.
        rather: of files with different suffixes, the one with one of these is meant.
    """

    def __init__(
        self,
        folder: str | Path,
        suffixes: Sequence[str] = IMAGE_SUFFIXES,
        rather: Sequence[str] = USUAL_SUFFIXES,
    ) -> None:
        self._root = Path(folder)
        self._suffixes = tuple(suffixes)
        self._rather = tuple(rather)
        self._listings: dict[str, _Listing] = {}

    def find(self, name: str) -> str | None:
        """The name on disk, with its suffix and relative to the folder; None if there is no such file.

        Raises:
            UserError: the suffix is left out, and files with different suffixes have that name: several that are
                rather meant than others, or none.
        """
        file = name.rpartition("/")[2]
        listing = self._listings.get(name[: len(name) - len(file)])
        if listing is not None and file in listing.files:  # most of a million names end here
            return listing.files[file]
        found = self._search(name)
        return self._search(name.replace("\\", "/")) if found is None and "\\" in name else found

    def _search(self, name: str) -> str | None:
        if "./" in name or "//" in name:
            name = str(PurePosixPath(name))
        file = name.rpartition("/")[2]
        folder = name[: len(name) - len(file)]
        if folder not in self._listings:
            self._listings[folder] = _Listing(self._root, self._on_disk(folder), self._suffixes)
        listing = self._listings[folder]
        if file.lower().endswith(self._suffixes):
            found = listing.files.get(file) or listing.files.get(nfc(file))
            if found or not self._rather or file.lower().endswith(self._rather):
                return found  # "scan.tif" may be scan.tif.jpg without its suffix, "scan.jpg" is scan.jpg
        candidates = listing.stems.get(nfc(file), ())
        candidates = [name for name in candidates if name.lower().endswith(self._rather)] or candidates
        if len(candidates) > 1:
            either = " or ".join(sorted(name.rpartition("/")[2] for name in candidates))
            raise UserError(f"{self._root / folder}: {file!r} can be {either}: remove one of them")
        return candidates[0] if candidates else None

    def _on_disk(self, folder: str) -> str:
        """A folder's name, "" or with a slash at its end, as it is written on disk; unchanged if there is none."""
        if folder.isascii():
            return folder
        above, _, name = folder[:-1].rpartition("/")
        above = self._on_disk(f"{above}/" if above or folder.startswith("/") else "")
        there_are = _names(self._root / above)
        alike = (other for other in there_are if nfc(other) == nfc(name))
        return f"{above}{name if name in there_are else next(alike, name)}/"


class _Listing:
    """The files of one folder, "" or with a slash at its end: their names, as written and composed, and their paths."""

    def __init__(self, root: Path, folder: str, suffixes: tuple[str, ...]) -> None:
        names = [name for name in _names(root / folder, files=True) if name.lower().endswith(suffixes)]
        self.files = {nfc(name): folder + name for name in names}
        self.files |= {name: folder + name for name in names if not name.isascii()}

    @cached_property
    def stems(self) -> dict[str, list[str]]:
        """From composed names without suffix to the paths on disk."""
        stems: dict[str, list[str]] = {}
        for path in dict.fromkeys(self.files.values()):
            stems.setdefault(nfc(path.rpartition("/")[2].rpartition(".")[0]), []).append(path)
        return stems


def walk_files(
    root: Path, leave_out: Collection[str] = (), suffixes: tuple[str, ...] = IMAGE_SUFFIXES
) -> Iterator[str]:
    """The photos, or other files, in a folder and below, sorted, as paths relative to it; what is hidden is left out.

    Args:
        root: the folder; linked folders in it are followed.
        leave_out: sub-folders of `root` that are not searched.
        suffixes: those of the files, in lower case.

    Raises:
        UserError: a folder cannot be opened.
    """

    def below(folder: str, above: tuple[Path, ...]) -> Iterator[str]:
        path = (root / folder).resolve()
        if path in above:  # a link to a folder that it lies in
            return
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        except OSError as error:
            raise UserError(f"{root / folder}: cannot be opened: {error.strerror}") from None
        for entry in entries:
            name = f"{folder}{entry.name}"
            if entry.name.startswith(".") or name in leave_out:
                continue
            if entry.is_dir():
                yield from below(f"{name}/", (*above, path))
            elif entry.name.lower().endswith(suffixes):
                yield name

    return below("", ())


def no_photo(name: str, folder: Path) -> str:
    """The words that say that a photo is not there."""
    missing = f"there is no photo {name[:200]!r} in {folder}"
    if name.lower().endswith(_OTHER_IMAGES):
        return f"{missing}: photos have to be {', '.join(IMAGE_SUFFIXES)}: convert it"
    return missing


def stem_of(photo: str) -> str:
    """A photo's name without the suffix, if it has one."""
    return photo.rpartition(".")[0] if photo.lower().endswith(IMAGE_SUFFIXES) else photo


def _names(folder: Path, files: bool = False) -> list[str]:
    """The names of what is in a folder, or of its files only; none if it cannot be opened."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if not files or entry.is_file()]
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return []
