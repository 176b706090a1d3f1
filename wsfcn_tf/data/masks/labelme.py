"""Masks drawn with LabelMe: its JSON files' shapes, filled as LabelMe's own export fills them.

LabelMe's package would bring its window system along. It draws with Pillow, as this does.
"""

import base64
import binascii
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import read_json

_LARGEST_SIDE = 1 << 16
_LEAST_POINTS = {"polygon": 3, "circle": 2, "mask": 2}
_BOXES = ("rectangle", "oriented_rectangle")


def read_labelme(path: Path, class_names: Sequence[str]) -> np.ndarray:
    """Reads a LabelMe file as a mask; later shapes lie on top of earlier ones.

    Polygons, circles and painted masks are filled; a shape labelled `__ignore__` does not count in evaluation, and
    `_background_` cuts a hole. Boxes are never filled: nobody outlines with them.

    Args:
        path: the JSON file.
        class_names: of the foreground.

    Returns:
        uint8 [H,W]: 0 = background, 1..C, 255 = ignore.

    Raises:
        UserError: the file is missing or not LabelMe's, or a shape has another label, is a box, or has no area.
    """
    shapes, size = read_shapes(path)
    mask = Image.new("L", size[::-1])
    for number, shape in enumerate(shapes, start=1):
        where = f"{path}: shape {number}"
        draw_area(mask, shape, label_of(str(_get(shape, "label", where)), class_names, where), where)
    return np.array(mask)


def read_shapes(path: Path) -> tuple[list[Any], tuple[int, int]]:
    """The shapes of a LabelMe file as they stand there, and the photo's height and width.

    Raises:
        UserError: the file is missing or not LabelMe's.
    """
    content = read_json(path)
    height, width = (_get(content, key, path) for key in ("imageHeight", "imageWidth"))
    shapes = _get(content, "shapes", path)
    sides = (height, width)
    if not (all(type(side) is int and 0 < side <= _LARGEST_SIDE for side in sides) and isinstance(shapes, list)):
        raise UserError(f"{path}: is not LabelMe's: imageHeight and imageWidth are sizes, and shapes is a list, there")
    return shapes, sides


def draw_area(mask: Image.Image, shape: Any, label: int, where: str) -> None:
    """Fills a shape that has an area with a label. Raises UserError, which starts with `where`, if it has none."""
    kind = shape.get("shape_type") or "polygon"
    if isinstance(kind, str) and kind in _BOXES:
        raise UserError(f"{where}: {kind} is a kind of box, and boxes are not filled: draw a polygon instead")
    if not isinstance(kind, str) or kind not in _LEAST_POINTS:
        raise UserError(f"{where}: a {str(kind)[:50]} has no area: draw a polygon instead")
    points = points_of(shape, where)
    if len(points) < _LEAST_POINTS[kind] or (kind != "polygon" and len(points) > 2):
        raise UserError(f"{where}: a {kind} cannot have {len(points)} points: draw it again")
    draw = ImageDraw.Draw(mask)
    if kind == "polygon":
        draw.polygon(points, fill=label, outline=label)
        return
    (x1, y1), (x2, y2) = points
    if kind == "circle":  # its centre, and a point on its edge
        radius = math.hypot(x2 - x1, y2 - y1)
        draw.ellipse((x1 - radius, y1 - radius, x1 + radius, y1 + radius), fill=label, outline=label)
    else:
        mask.paste(label, (round(x1), round(y1)), _painted(shape, where))


def points_of(shape: Any, where: str) -> list[tuple[float, float]]:
    """A shape's points. Raises UserError, which starts with `where`, if they are none of a picture's."""
    try:
        points = [(float(x), float(y)) for x, y in _get(shape, "points", where)]
    except (TypeError, ValueError, OverflowError):
        points = [(math.nan, math.nan)]
    if not all(abs(coordinate) <= _LARGEST_SIDE for point in points for coordinate in point):
        raise UserError(f"{where}: its points are not pairs of numbers within a picture: draw it again")
    return points


def _painted(shape: Any, where: str) -> Image.Image:
    """The painted part of a shape's box, as bits."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(_get(shape, "mask", where)))) as image:
            return image.convert("L").point(lambda value: 255 * (value > 0)).convert("1")
    except (OSError, SyntaxError, TypeError, ValueError, binascii.Error):
        raise UserError(f"{where}: its mask cannot be read as a PNG: draw it again") from None


def _get(content: Any, key: str, where: str | Path) -> Any:
    if not isinstance(content, dict) or key not in content:
        raise UserError(f"{where}: is not LabelMe's: there is no {key!r} in it")
    return content[key]
