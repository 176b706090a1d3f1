"""YOLO's polygons, whose coordinates are shares of the photo's width and height as it is shown.

They are filled as Ultralytics fills them: the pixels that their points lie in, with what is on the border. What people
drew becomes up to half a pixel larger, but outlines made of masks, which tools put through the middle of pixels or at
their corners, come back as they were.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, lay_over, place
from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.layouts.tools.yolo import read_labels
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.photos.images import read_image

_ROUNDED = 0.01  # of a pixel: what is lost where a file has few digits


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
                pixels = _filled(np.reshape(shares, (-1, 2)) * (width, height), height, width)
            shapes.append((pixels, label_of(found.entry[int(category)], class_names, where)))
        return lay_over(sorted(shapes, key=lambda shape: -np.count_nonzero(shape[0])), height, width)

    return read


def _filled(points: np.ndarray, height: int, width: int) -> np.ndarray:
    """The pixels of a polygon, [K, 2]: bool [height,width]. Raises ValueError if it lies far outside."""
    side = np.array([width, height])
    if not ((points >= -side) & (points <= 2 * side)).all():
        raise ValueError(f"a polygon lies outside the image of {width}x{height} pixels")
    whole = np.floor(points + _ROUNDED).astype(np.int32)
    return cv2.fillPoly(np.zeros((height, width), np.uint8), [whole], 1).astype(bool)
