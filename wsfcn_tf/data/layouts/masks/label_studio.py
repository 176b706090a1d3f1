"""Label Studio's brushes and polygons."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, ReadShapes, checked_size, lay_over, once, place
from wsfcn_tf.data.layouts.outlines import OF_PHOTO, Outlines
from wsfcn_tf.data.layouts.tools.label_studio_tasks import Region, kind_of, labels_of, tasks
from wsfcn_tf.data.masks.coco_masks import fill_polygons
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.masks.run_lengths import from_brush
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.data.shapes.drawing import Shape
from wsfcn_tf.data.shapes.label_studio import label_studio_shape
from wsfcn_tf.errors import UserError

_PERCENT = 100


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Later regions lie on top of earlier ones."""
    opened = _opened(root, choices)

    def read(photo: str, found: Outlines) -> np.ndarray:
        where, regions = opened(found.file)[found.entry]
        drawn = [region for region in regions if kind_of(region) != OF_PHOTO and labels_of(region, where)]
        if not drawn:  # and nothing that would say how large the photo is
            return np.zeros(read_image(root / photo).shape[:2], np.uint8)
        height, width = _size(drawn, where)
        shapes = (
            (_pixels(region, height, width, f"{where}: region {number}"), _label(region, class_names, where))
            for number, region in enumerate(drawn, start=1)
        )
        return lay_over(shapes, height, width)

    return read


def open_shapes(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadShapes:
    """What was drawn, whole or not."""
    opened = _opened(root, choices)

    def read(photo: str, found: Outlines, radius: int) -> tuple[list[Shape], tuple[int, int]]:
        where, regions = opened(found.file)[found.entry]
        drawn = [region for region in regions if kind_of(region) != OF_PHOTO and labels_of(region, where)]
        if not drawn:
            return [], (0, 0)
        size, shapes = _size(drawn, where), []
        for number, region in enumerate(drawn, start=1):
            of_region = f"{where}: region {number}"
            label = _label(region, class_names, of_region)
            with place(of_region):
                shapes.append(label_studio_shape(region, label, *size, radius))
        return shapes, size

    return read


def _opened(root: Path, choices: Choices) -> Callable[[str], list[tuple[str, list[Region]]]]:
    """From a file to its tasks' places and regions."""

    @once
    def opened(name: str) -> list[tuple[str, list[Region]]]:
        read = tasks(SourceFolder(root), name, choices)
        return [(where, annotations[0] if annotations else []) for where, _, annotations in read]

    return opened


def _size(regions: list[Region], where: str) -> tuple[int, int]:
    if any(region.get("image_rotation") for region in regions):
        raise UserError(f"{where}: the photo was turned in Label Studio: turn it back, or rotate its file")
    sizes = {checked_size(region.get("original_height"), region.get("original_width"), where) for region in regions}
    if len(sizes) > 1:
        raise UserError(f"{where}: its regions are of pictures of several sizes: export it again")
    return sizes.pop()


def _pixels(region: Region, height: int, width: int, where: str) -> np.ndarray:
    with place(where):
        if kind_of(region) == "brush":
            return from_brush(bytes(list(region["rle"])), height, width)
        shares = [(float(x), float(y)) for x, y in region["points"]]
        points = np.array(shares) / _PERCENT * (width, height)
        return fill_polygons([points.ravel()], height, width)


def _label(region: Region, class_names: Sequence[str], where: str) -> int:
    labels = {label_of(label, class_names, where) for label in labels_of(region, where)}
    if len(labels) > 1:
        raise UserError(f"{where}: a region has several labels: leave it one")
    return labels.pop()
