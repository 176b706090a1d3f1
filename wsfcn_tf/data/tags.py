"""Image tags: tags.csv, and tags as vectors."""

import csv
import difflib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.images import find_photo
from wsfcn_tf.data.lists import read_text
from wsfcn_tf.errors import UserError

_COLUMNS = ("image", "tags")


def read_tags_csv(path: Path, folder: Path, class_names: Sequence[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Reads which tags each photo has.

    Args:
        path: a CSV file with the columns `image` (a path relative to `folder`; the suffix may be left out) and `tags`
            (joined by `;`; none for a photo that shows nothing of the classes).
        folder: where the photos are.
        class_names: the tags that are allowed; None allows all.

    Returns:
        The photos, as paths in `folder` with suffix, and their tags, in the file's order.

    Raises:
        UserError: the file is missing or lacks a column or any row; or a row names a photo that is not there or was
            there before, or a tag that is not allowed.
    """
    reader = csv.DictReader(io.StringIO(read_text(path)))
    missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise UserError(f"{path}: line 1: there is no column {missing[0]!r}: the header has to be image,tags")
    tags_by_photo: dict[str, tuple[str, ...]] = {}
    for row in reader:
        where = f"{path}: line {reader.line_num}"
        if row["tags"] is None or None in row:
            raise UserError(f"{where}: not as many fields as the header has: join tags by ';'")
        photo = find_photo(folder, row["image"].strip())
        if photo is None:
            raise UserError(f"{where}: there is no photo {row['image']!r} in {folder}")
        if photo in tags_by_photo:
            raise UserError(f"{where}: photo {row['image']!r} is there twice: put all its tags into one row")
        tags_by_photo[photo] = tuple(tag for tag in map(str.strip, row["tags"].split(";")) if tag)
        check_tags(tags_by_photo[photo], class_names, where)
    if not tags_by_photo:
        raise UserError(f"{path}: no training image left: the file lists no photo")
    return tags_by_photo


def check_tags(tags: Iterable[str], class_names: Sequence[str] | None, where: str) -> None:
    """Raises UserError, which starts with `where`, if a tag is not one of the class names; None allows all."""
    for tag in tags:
        if class_names is not None and tag not in class_names:
            nearest = difflib.get_close_matches(tag, class_names, n=1)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"the classes are {', '.join(class_names)}"
            raise UserError(f"{where}: tag {tag!r} is not in the class list: {hint}")


def tag_vector(tags: Iterable[str], class_names: Sequence[str]) -> np.ndarray:
    """float32 [C]: 1 for each class that is among the tags, else 0."""
    present = set(tags)
    return np.array([name in present for name in class_names], np.float32)
