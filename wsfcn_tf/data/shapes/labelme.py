"""LabelMe's shapes: polygons, circles and painted masks; lines and points; boxes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.masks.labelme import draw_area, points_of, read_shapes
from wsfcn_tf.data.shapes.drawing import Shape, box, stroke, upright_box
from wsfcn_tf.errors import UserError

_STROKES = ("line", "linestrip", "point", "points")


def read_labelme_shapes(path: Path, class_names: Sequence[str], radius: int) -> tuple[list[Shape], tuple[int, int]]:
    """The shapes of a LabelMe file, and the photo's height and width.

    Args:
        path: the JSON file.
        class_names: of the foreground.
        radius: as of `Drawing`.

    Raises:
        UserError: the file is missing or not LabelMe's, or a shape has another label, or is broken.
    """
    found, size = read_shapes(path)
    shapes = []
    for number, shape in enumerate(found, start=1):
        where = f"{path}: shape {number}"
        label = label_of(str(shape.get("label")) if isinstance(shape, dict) else "", class_names, where)
        shapes.append(_shape(shape, label, size, radius, where))
    return shapes, size


def _shape(shape: dict[str, Any], label: int, size: tuple[int, int], radius: int, where: str) -> Shape:
    kind = shape.get("shape_type") or "polygon"
    if kind in ("rectangle", "oriented_rectangle", *_STROKES):
        points = points_of(shape, where)
        try:
            if kind in _STROKES:
                parts = [points] if kind != "points" else [[point] for point in points]
                return Shape("stroke", np.logical_or.reduce([stroke(part, size, radius) for part in parts]), label)
            if kind == "rectangle":
                (x1, y1), (x2, y2) = points
                return Shape("box", upright_box(x1, y1, x2, y2, size), label)
            return Shape("box", box(points, size), label)
        except ValueError as error:
            raise UserError(f"{where}: {error}: draw it again") from None
    canvas = Image.new("L", size[::-1])
    draw_area(canvas, shape, 1, where)
    return Shape("area", np.array(canvas) > 0, label)
