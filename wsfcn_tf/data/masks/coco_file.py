"""Masks from one annotation file in COCO's form, as most annotation tools export it."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsfcn_tf.data.masks.coco_masks import CocoObject, paint
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.photos.file_finder import stem_of
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc, read_json

_LARGEST_SIDE = 1 << 16


class CocoFile:
    """The masks of a COCO file: smaller objects lie on top of larger ones, and crowds do not count in evaluation.

    Photos are found by `file_name`; one with another folder than the photo's is taken if no other has its last part. A
    photo that the file lists without an object shows background only.

    Args:
        path: the JSON file; its categories are told by their names.
        class_names: of the foreground.

    Raises:
        UserError: the file is missing or not COCO's, or an object's category is not a class.
    """

    def __init__(self, path: Path, class_names: Sequence[str]) -> None:
        self.path = path
        self._class_names = class_names
        content = read_json(path)
        try:
            self._images = {nfc(stem_of(entry["file_name"].replace("\\", "/"))): entry for entry in content["images"]}
            self._by_id = {entry["id"]: entry for entry in content["images"]}
            self._categories = {entry["id"]: nfc(entry["name"].strip()) for entry in content["categories"]}
            self._objects: dict[Any, list[dict]] = {image: [] for image in self._by_id}
            for entry in content["annotations"]:
                self._objects.setdefault(entry["image_id"], []).append(entry)
        except (KeyError, TypeError, AttributeError):
            raise UserError(
                f"{path}: is not COCO's: images (id, file_name, height, width), annotations (image_id, category_id, "
                "segmentation) and categories (id, name) are lists there"
            ) from None
        last_parts: dict[str, list[str]] = {}
        for stem in self._images:
            last_parts.setdefault(stem.rpartition("/")[2], []).append(stem)
        self._by_last_part = {last: stems[0] for last, stems in last_parts.items() if len(stems) == 1}

    def path_of(self, photo: str) -> Path | None:
        """The file, if it lists the photo."""
        return self.path if self._entry(photo) is not None else None

    def read(self, photo: str) -> np.ndarray:
        """A photo's true labels: uint8 [H,W], 0..C, 255 = ignore.

        Raises:
            UserError: the photo is not listed, or an object of it is not as COCO's are.
        """
        entry = self._entry(photo)
        if entry is None:
            raise UserError(f"{self.path}: lists no image {photo!r}: add it, or take the photo out of the split")
        return self._paint(entry, f"{self.path}: image {photo!r}")

    def read_id(self, image: Hashable) -> np.ndarray:
        """As `read`, for an image by its id, which the file has."""
        return self._paint(self._by_id[image], f"{self.path}: image {str(image)[:50]!r}")

    def id_of(self, photo: str) -> Hashable | None:
        """A photo's id; None if it is not listed."""
        entry = self._entry(photo)
        return None if entry is None else entry["id"]

    def objects(self, image: Hashable) -> tuple[str, tuple[int, int], list[tuple[CocoObject, Any]]]:
        """Of an image by its id: words for its place, height and width, and its objects, each with its bbox.

        Raises:
            UserError: these are not as COCO's are.
        """
        entry, where = self._by_id[image], f"{self.path}: image {str(image)[:50]!r}"
        found = enumerate(self._objects[image], start=1)
        objects = [(self._object(one, number, where), one.get("bbox")) for number, one in found]
        return where, self._size(entry, where), objects

    def _paint(self, entry: dict, where: str) -> np.ndarray:
        height, width = self._size(entry, where)
        objects = [
            self._object(found, number, where) for number, found in enumerate(self._objects[entry["id"]], start=1)
        ]
        try:
            return paint(objects, height, width)
        except UserError as error:
            raise UserError(f"{where}: {error}: mend it") from None

    def _size(self, entry: dict, where: str) -> tuple[int, int]:
        height, width = entry.get("height"), entry.get("width")
        if not all(type(side) is int and 0 < side <= _LARGEST_SIDE for side in (height, width)):
            raise UserError(f"{where}: its height and width are not sizes: mend them")
        return height, width

    def _object(self, entry: dict, number: int, where: str) -> CocoObject:
        category = entry.get("category_id")
        name = self._categories.get(category) if isinstance(category, Hashable) else None
        if name is None:
            raise UserError(f"{where}: an object's category is not in the file's categories: mend it")
        crowd = bool(entry.get("iscrowd"))
        label = IGNORE if crowd else label_of(name, self._class_names, where)
        return CocoObject(entry.get("id", number), label, crowd, entry.get("segmentation"))

    def _entry(self, photo: str) -> dict | None:
        stem = nfc(stem_of(photo))
        return self._images.get(stem) or self._images.get(self._by_last_part.get(stem.rpartition("/")[2], ""))
