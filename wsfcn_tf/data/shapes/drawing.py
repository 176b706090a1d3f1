"""From strokes, points, boxes and areas to an index mask in which 255 is unknown."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE

_FAR = 1 << 15  # pixels outside a photo beyond which nothing is drawn


class Drawing(NamedTuple):
    """How shapes are read.

    Attributes:
        radius: of a point's disc in pixels; a stroke is as wide as the disc.
        uncovered: what pixels are that nothing covers, where all classes of the photo have areas or boxes.
    """

    radius: int = 3
    uncovered: Literal["background", "unknown"] = "background"


AS_DRAWN = Drawing()


class Shape(NamedTuple):
    """One thing that was drawn.

    Attributes:
        kind: "area": these pixels are the label; "box": the label is somewhere in them, not outside; "stroke": as an
            area, but more of the label may be elsewhere.
        pixels: bool [H,W].
        label: 1..C, 0 = background, 255 = to be ignored.
    """

    kind: Literal["area", "box", "stroke"]
    pixels: np.ndarray
    label: int


def known_labels(
    shapes: Sequence[Shape], tagged: Collection[int], size: tuple[int, int], drawing: Drawing = AS_DRAWN
) -> np.ndarray:
    """What is known of a photo's pixels.

    Where every class of the photo has an area or a box and no stroke, pixels outside of all of these are background.
    Within a box nothing is known but what else covers it. Areas lie on boxes, strokes on areas, later on earlier ones.

    Args:
        shapes: in the order in which they lie on each other.
        tagged: the labels that the photo shows, drawn or not.
        size: height and width.
        drawing: how to read them.

    Returns:
        uint8 [H,W]: 0..C, 255 = unknown.
    """
    labels = np.full(size, IGNORE, np.uint8)
    of_kind = {kind: {shape.label for shape in shapes if shape.kind == kind} for kind in ("area", "box", "stroke")}
    whole = of_kind["box"] | (of_kind["area"] - of_kind["stroke"])
    shown = {*tagged, *(shape.label for shape in shapes)} - {0, IGNORE}
    bounding = [shape.pixels for shape in shapes if shape.kind != "stroke"]
    if bounding and shown <= whole and drawing.uncovered == "background":
        labels[~np.logical_or.reduce(bounding)] = 0
    for kind in ("area", "stroke"):
        for shape in shapes:
            if shape.kind == kind:
                labels[shape.pixels] = shape.label
    return labels


def stroke(points: Sequence[Sequence[float]], size: tuple[int, int], radius: int) -> np.ndarray:
    """The pixels within radius + 1/2 of a line along points x, y, counted from the photo's corner: bool [height,width].

    One point is a disc.

    Raises:
        ValueError: there is no point, or one is no pair of numbers near the photo.
    """
    way = np.array(points, np.float64).reshape(-1, 2)
    if not len(way) or not (np.abs(way) < _FAR).all():
        raise ValueError("its points are not pairs of numbers within a picture")
    way = np.floor(way)  # to pixels: the one that a point lies in is always covered
    drawn = np.zeros(size, bool)
    for start, end in zip(way[: max(1, len(way) - 1)], way[1:] if len(way) > 1 else way, strict=True):
        low = np.maximum(np.minimum(start, end) - radius - 1, 0).astype(int)
        left, top, right, bottom = (*low, *(np.maximum(start, end) + radius + 2).astype(int))
        part = drawn[top : max(bottom, 0), left : max(right, 0)]
        part |= _near(start - (left, top), end - (left, top), part.shape) <= radius + 0.5
    return drawn


def _near(start: np.ndarray, end: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """How far each pixel is from a line between two pixels, x and y: float64 [height,width]."""
    y, x = np.mgrid[: size[0], : size[1]]
    (dx, dy), length = end - start, ((end - start) ** 2).sum()
    along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / max(length, 1.0), 0, 1)
    return np.hypot(x - start[0] - along * dx, y - start[1] - along * dy)


def box(corners: Sequence[Sequence[float]], size: tuple[int, int]) -> np.ndarray:
    """The pixels that a box touches, turned or not, of which four corners x, y are given in turn: bool [height,width].

    Raises:
        ValueError: these are no such corners.
    """
    outline = np.array(corners, np.float64)
    if outline.shape != (4, 2) or not (np.abs(outline) < _FAR).all():
        raise ValueError("its corners are not four pairs of numbers within a picture")
    middle = outline.mean(axis=0)
    grown = outline + 0.5 * np.sign(outline - middle)  # half a pixel: outside of it is surely background
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    inside = np.ones((2, *size), bool)
    for (x1, y1), (x2, y2) in zip(grown, np.roll(grown, -1, axis=0), strict=True):
        side = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        inside &= np.stack([side >= 0, side <= 0])
    return inside.any(axis=0)


def upright_box(left: float, top: float, right: float, bottom: float, size: tuple[int, int]) -> np.ndarray:
    """As `box`, by two corners in either order."""
    return box([(left, top), (right, top), (right, bottom), (left, bottom)], size)
