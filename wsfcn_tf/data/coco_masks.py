"""Masks from one annotation file in COCO's form, as most annotation tools export it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as rle

from wsfcn_tf.data.file_finder import stem_of
from wsfcn_tf.data.json_files import read_json
from wsfcn_tf.data.lists import nfc
from wsfcn_tf.data.masks import IGNORE
from wsfcn_tf.data.tags import check_tags
from wsfcn_tf.errors import UserError

_LARGEST_SIDE = 1 << 16


class CocoMasks:
    """The masks of a COCO file: crowds are ignored, and smaller objects lie on top of larger ones.

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
            self._categories = {entry["id"]: nfc(entry["name"].strip()) for entry in content["categories"]}
            self._objects: dict[Any, list[dict]] = {entry["id"]: [] for entry in content["images"]}
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
        where = f"{self.path}: image {photo!r}"
        height, width = entry.get("height"), entry.get("width")
        if not all(isinstance(side, int) and 0 < side <= _LARGEST_SIDE for side in (height, width)):
            raise UserError(f"{where}: its height and width are not sizes: mend them")
        labels = np.zeros((height, width), np.uint8)
        layers = [self._layer(entry, height, width, where) for entry in self._objects[entry["id"]]]
        for label, area in sorted(layers, key=lambda layer: (layer[0] != IGNORE, -np.count_nonzero(layer[1]))):
            labels[area] = label
        return labels

    def _layer(self, entry: dict, height: int, width: int, where: str) -> tuple[int, np.ndarray]:
        """An object's label and its pixels, bool [H,W]."""
        name = self._categories.get(entry.get("category_id"))
        if name is None:
            raise UserError(f"{where}: an object's category is not in the file's categories: mend it")
        if entry.get("iscrowd"):
            return IGNORE, _pixels(entry.get("segmentation"), height, width, where)
        check_tags([name], self._class_names, where)
        label = self._class_names.index(name) + 1
        return label, _pixels(entry.get("segmentation"), height, width, where)

    def _entry(self, photo: str) -> dict | None:
        stem = nfc(stem_of(photo))
        return self._images.get(stem) or self._images.get(self._by_last_part.get(stem.rpartition("/")[2], ""))


def _pixels(segmentation: Any, height: int, width: int, where: str) -> np.ndarray:
    """A segmentation, polygons or run lengths, as bool [H,W]."""
    try:
        if isinstance(segmentation, dict):
            return _from_run_lengths(segmentation, height, width)
        polygons = [np.array(polygon, np.float64) for polygon in segmentation]
        if not polygons or not all(map(_is_polygon, polygons)):
            raise ValueError
        joined = rle.merge(rle.frPyObjects([polygon.tolist() for polygon in polygons], height, width))
        return rle.decode(joined).astype(bool)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        raise UserError(f"{where}: an object's segmentation is neither polygons nor run lengths: mend it") from None


def _from_run_lengths(segmentation: dict, height: int, width: int) -> np.ndarray:
    if list(segmentation["size"]) != [height, width]:
        raise ValueError
    counts = segmentation["counts"]
    if isinstance(counts, list):
        if min(counts) < 0 or sum(counts) != height * width:
            raise ValueError
        segmentation = rle.frPyObjects(segmentation, height, width)
    return rle.decode(segmentation).astype(bool)


def _is_polygon(points: np.ndarray) -> bool:
    sizes = points.ndim == 1 and points.size % 2 == 0 and points.size >= 6
    return sizes and bool((np.abs(points) <= _LARGEST_SIDE).all())
