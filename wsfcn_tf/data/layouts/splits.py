"""What tools call the splits."""

import re
from collections.abc import Iterable

from wsfcn_tf.errors import UserError

SPLITS = ("train", "val", "test")
_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_FILLERS = {"image", "images", "img", "imgs", "photos", "jpg", "jpeg", "png", "set", "data", "resized"}


def split_named(name: str) -> str | None:
    """The split that a folder, a subset or a column's value means: "Valid", "val2017", "train_images"; else None."""
    words = [word for word in re.split(r"[-_ .\d]+", name.strip().lower()) if word and word not in _FILLERS]
    return _WORDS.get(words[0]) if len(words) == 1 else None


def split_of(path: str) -> str | None:
    """The split that a file's folders name, or else one word of its own name; None if neither does.

    Raises:
        UserError: two are named.
    """
    *folders, last = path.split("/")
    words = re.findall(r"[a-z]+", last.rpartition(".")[0].lower())
    for names in (folders, words):
        found = sorted({split for name in names if (split := split_named(name)) is not None})
        if len(found) > 1:
            raise UserError(f"{path}: names two splits, {' and '.join(found)}: rename it or its folder")
        if found:
            return found[0]
    return None


def split_in_folders(path: str) -> str | None:
    """The split that a photo's folders name, the outermost first; None if none does."""
    named = (split_named(name) for name in path.split("/")[:-1])
    return next((split for split in named if split is not None), None)


def split_of_folders(path: str) -> str:
    """The same; "train" if none does."""
    return split_in_folders(path) or "train"


def check_once(files: Iterable[tuple[str, str]], what: str) -> None:
    """Raises UserError if two files say what is in the same split. `files`: pairs of split and file."""
    known: dict[str, str] = {}
    for split, file in files:
        if split in known:
            raise UserError(
                f"{known[split]} and {file} are both {what} of {split}: keep one, or name it after its split"
            )
        known[split] = file
