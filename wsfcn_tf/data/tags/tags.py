"""Image tags: the checks that all sources of tags share, and tags as vectors."""

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.photos.file_finder import FileFinder, no_photo
from wsfcn_tf.errors import Report, UserError
from wsfcn_tf.files.reading import nfc

TagsByPhoto = dict[str, tuple[str, ...]]
Entry = tuple[str, str, Sequence[str]]  # where it is in its source, a photo's name, its tags as written

_UNSEEN = ("Cc", "Cs", "Zl", "Zp")  # Unicode's control characters, halves of surrogate pairs, line and paragraph breaks

_SEPARATORS = (",", "|")  # what other tools join tags by


def collect_tags(
    entries: Iterable[Entry],
    path: Path,
    folder: Path,
    class_names: Sequence[str] | None,
    report: Report,
    find: Callable[[str], str | None] | None = None,
) -> TagsByPhoto:
    """Joins what a source says about each photo, and checks it.

    Args:
        entries: one for each photo. Its tags are stripped and their accents composed; empty ones are left out.
        path: the source, for messages.
        folder: where the photos are.
        class_names: the tags that are allowed; None allows all.
        report: what to do with an entry that is wrong; if it does not raise, the entry is left out.
        find: from a photo's name to that on disk, None if it is not there; left out, the files in `folder` are asked.

    Returns:
        The photos as `find` gives them, and their tags, in the entries' order.

    Raises:
        UserError: there is no entry; or one names a photo that is not there or was there before, or a tag that is not
            allowed.
    """
    find = find or FileFinder(folder).find
    known: dict[str, str] = {"": ""}  # tags as they are written -> as they are
    tags_by_photo: TagsByPhoto = {}
    for place, name, written in entries:
        try:
            photo = find(name)
            if photo is None:
                raise UserError(f"{path}: {place}: {no_photo(name, folder)}")
            if photo in tags_by_photo:
                raise UserError(f"{path}: {place}: photo {name!r} is there twice: put all its tags into one row")
            for tag in written:
                if tag not in known:
                    known[tag] = _checked(tag, class_names, f"{path}: {place}")
        except UserError as error:
            report(str(error))
            continue
        tags_by_photo[photo] = tuple(known[tag] for tag in written if known[tag])
    if not tags_by_photo:
        report(f"{path}: no training image left: the file lists no photo")
    return tags_by_photo


def _checked(tag: str, class_names: Sequence[str] | None, where: str) -> str:
    tag = nfc(tag.strip())
    if tag:
        check_tags([tag], class_names, where)
    return tag


def check_tags(tags: Iterable[str], class_names: Sequence[str] | None, where: str) -> None:
    """Raises UserError, which starts with `where`, if a tag is not one of the class names.

    `class_names` None allows all that can be a class's name: one line of text without , or |, and not "background".
    """
    for tag in tags:
        if class_names is not None and tag not in class_names:
            nearest = difflib.get_close_matches(tag, class_names, n=1)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"the classes are {', '.join(class_names)}"
            raise UserError(f"{where}: tag {tag[:200]!r} is not in the class list: {hint}")
        if any(unicodedata.category(letter) in _UNSEEN for letter in tag):
            raise UserError(f"{where}: tag {tag[:200]!r} holds a line break or control character: remove it")
        if class_names is None and any(separator in tag for separator in _SEPARATORS):
            raise UserError(
                f"{where}: tag {tag[:200]!r} looks like several: join tags by ';', or name it in classes.txt if it is "
                "one"
            )
        if class_names is None and tag == "background":
            raise UserError(f"{where}: 'background' is no tag: leave the tags empty if a photo shows nothing else")


def tag_vector(tags: Iterable[str], class_names: Sequence[str]) -> np.ndarray:
    """float32 [C]: 1 for each class that is among the tags, else 0."""
    present = set(tags)
    return np.array([name in present for name in class_names], np.float32)
