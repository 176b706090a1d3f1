"""The folder of tagged photos that `prepare-data import` makes from another tool's: complete, or not there.

photos/  tags.csv  classes.txt  val.txt  test.txt     what `TaggedFolder` reads
masks/                                                of the photos all of whose outlines are known
train.txt                                             where photos are in two splits
"""

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from wsfcn_tf.data.datasets.opening import AnyFolder
from wsfcn_tf.data.datasets.tagged import MASKS
from wsfcn_tf.data.layouts.recognise import NATIVE
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.data.photos.file_finder import stem_of
from wsfcn_tf.data.prepare.prepared_folder import link_or_copy
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_lines, write_text

_PHOTOS = "photos"  # their paths below it are those in the source, so that no two have the same name


def check_import(source: Path, output: Path) -> None:
    """Raises UserError if there is no source, or the output is there already or lies in the source."""
    if not source.is_dir():
        raise UserError(f"{source}: there is no such folder: name that of the photos and annotations")
    if output.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{output}: lies in {source}, which must not change: choose another --output")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{output}: is there already: choose another --output, or remove it")


class Imported(NamedTuple):
    """How many photos each split has; how many masks there are, and for how many photos they are not whole."""

    splits: dict[str, int]
    masks: int
    not_whole: int


def write_imported(
    folder: AnyFolder, output: Path, *, copy: bool = False, masks: bool = True, progress: bool = False
) -> Imported:
    """Writes the photos, tags and masks of a folder.

    Args:
        folder: what was opened.
        output: the folder to make; nothing of it is there if this raises.
        copy: copy photos; otherwise they are hard links where the file system allows it.
        masks: write them, too.
        progress: whether to show a progress bar while they are written.

    Raises:
        UserError: the folder needs no import, a name cannot be written into a table or list, or a mask is broken.
    """
    if folder.layout in NATIVE:
        raise UserError(f"{folder.root}: can be trained on as it is: set data.format={folder.layout} and data.root")
    splits = {split: folder.names(split) for split in folder.splits()}
    photos = list(dict.fromkeys(name for names in splits.values() for name in names))
    _check_names(folder, photos)
    masked = [photo for photo in photos if masks and folder.masks.path_of(photo) is not None]
    _check_stems(folder, masked)
    with replacing(output) as temporary:
        for photo in photos:
            link_or_copy(folder.path(photo), temporary / _PHOTOS / photo, copy)
        for photo in tqdm(masked, "masks", unit="mask", disable=not (progress and masked)):
            write_mask(temporary / MASKS / _PHOTOS / f"{stem_of(photo)}.png", _mask(folder, photo))
        write_text(temporary / "tags.csv", _table(folder, photos))
        write_lines(temporary / "classes.txt", folder.class_names)
        for split, names in splits.items():
            if split != "train" or len(photos) < sum(map(len, splits.values())):
                write_lines(temporary / f"{split}.txt", (f"{_PHOTOS}/{name}" for name in names))
    not_whole = len(folder.masks.not_whole) if masks else 0
    return Imported({split: len(names) for split, names in splits.items()}, len(masked), not_whole)


def _mask(folder: AnyFolder, photo: str) -> np.ndarray:
    try:
        return folder.mask(photo)
    except UserError as error:
        raise UserError(f"{error}; or leave all masks out with --without-masks") from None


def _table(folder: AnyFolder, photos: list[str]) -> str:
    text, names = io.StringIO(), np.array(folder.class_names)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("image", "tags"))
    writer.writerows((f"{_PHOTOS}/{photo}", ";".join(names[folder.tags(photo) > 0])) for photo in photos)
    return text.getvalue()


def _check_stems(folder: AnyFolder, photos: Sequence[str]) -> None:
    """Raises UserError if two photos differ in the suffix only: a mask is found by the rest of the name."""
    known: dict[str, str] = {}
    for photo in photos:
        other = known.setdefault(stem_of(photo), photo)
        if other != photo:
            raise UserError(
                f"{folder.path(photo)}: has a mask, and so has {other}, whose name differs in the suffix only: rename "
                "one of them, or leave all masks out with --without-masks"
            )


def _check_names(folder: AnyFolder, photos: list[str]) -> None:
    for name in folder.class_names:
        if ";" in name:
            raise UserError(f"{folder.root}: class {name!r} holds ';', which parts tags in tags.csv: rename it")
    for photo in photos:
        if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in photo):
            raise UserError(f"{folder.path(photo)}: its name holds a line break or control character: rename it")
