"""YOLO's polygons, whose coordinates are shares of the photo's width and height as it is shown."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, lay_over, place
from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.layouts.tools.yolo import read_labels
from wsfcn_tf.data.masks.coco_masks import fill_polygons
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.photos.images import read_image


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Smaller polygons lie on top of larger ones, as in YOLO's own training: the lines have no order."""

    def read(photo: str, found: Outlines) -> np.ndarray:
        height, width = read_image(root / photo).shape[:2]
        if found.entry is None:
            return np.zeros((height, width), np.uint8)
        path, shapes = root / found.file, []
        for number, (category, *shares) in enumerate(read_labels(path, found.entry, str(path)), start=1):
            where = f"{path}: line {number}"
            with place(where):
                points = np.reshape(shares, (-1, 2)) * (width, height)
                pixels = fill_polygons([points.ravel()], height, width)
            shapes.append((pixels, label_of(found.entry[int(category)], class_names, where)))
        return lay_over(sorted(shapes, key=lambda shape: -np.count_nonzero(shape[0])), height, width)

    return read
