"""CVAT's shapes: polygons, ellipses and brush masks; polylines and points; boxes."""

import math
from xml.etree.ElementTree import Element

import numpy as np

from wsfcn_tf.data.masks.coco_masks import fill_polygons
from wsfcn_tf.data.masks.run_lengths import from_counts
from wsfcn_tf.data.shapes.drawing import Shape, box, stroke

_AREAS = ("polygon", "ellipse", "mask")


def cvat_shape(element: Element, label: int, height: int, width: int, radius: int) -> Shape:
    """What an object covers. Raises ValueError if it is broken, or of a kind that covers nothing."""
    if element.tag in _AREAS:
        return Shape("area", pixels_of(element, height, width), label)
    if element.tag == "box":
        return Shape("box", box(_corners(element), (height, width)), label)
    if element.tag not in ("polyline", "points"):
        raise ValueError(f"a {element.tag[:50]} says nothing of pixels")
    points = [[float(value) for value in point.split(",")] for point in (element.get("points") or "").split(";")]
    parts = [points] if element.tag == "polyline" else [[point] for point in points]
    pixels = np.logical_or.reduce([stroke(part, (height, width), radius) for part in parts])
    return Shape("stroke", pixels, label)


def _corners(element: Element) -> list[tuple[float, float]]:
    """Of a box that is turned clockwise around its middle by so many degrees."""
    left, top, right, bottom = (_real(element, name) for name in ("xtl", "ytl", "xbr", "ybr"))
    angle, x, y = math.radians(_real(element, "rotation")), (left + right) / 2, (top + bottom) / 2
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    cosine, sine = math.cos(angle), math.sin(angle)
    return [(x + (a - x) * cosine - (b - y) * sine, y + (a - x) * sine + (b - y) * cosine) for a, b in corners]


def pixels_of(element: Element, height: int, width: int) -> np.ndarray:
    """What an object covers: bool [height,width]. Raises ValueError if it is broken."""
    if element.tag == "polygon":
        points = [point.split(",") for point in (element.get("points") or "").split(";")]
        return fill_polygons([[float(value) for x, y in points for value in (x, y)]], height, width)
    if element.tag == "ellipse":
        return _ellipse(*(_real(element, name) for name in ("cx", "cy", "rx", "ry", "rotation")), height, width)
    left, top, own_width, own_height = (whole_number(element, name) for name in ("left", "top", "width", "height"))
    if not (0 <= left < left + own_width <= width and 0 <= top < top + own_height <= height):
        raise ValueError(f"its mask lies outside the image of {width}x{height} pixels")
    pixels = np.zeros((height, width), bool)
    counts = [int(count) for count in (element.get("rle") or "").split(",")]
    pixels[top : top + own_height, left : left + own_width] = from_counts(counts, own_height, own_width)
    return pixels


def _ellipse(cx: float, cy: float, rx: float, ry: float, rotation: float, height: int, width: int) -> np.ndarray:
    """The pixels whose middle is in an ellipse that is turned clockwise by so many degrees: bool [height,width]."""
    if not (-width <= cx <= 2 * width and -height <= cy <= 2 * height and rx > 0 and ry > 0):
        raise ValueError("its ellipse has no size, or lies far outside the image")
    y, x = np.mgrid[:height, :width] + 0.5
    cosine, sine = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    along, across = (x - cx) * cosine + (y - cy) * sine, (y - cy) * cosine - (x - cx) * sine
    return (along / rx) ** 2 + (across / ry) ** 2 <= 1


def _real(element: Element, name: str) -> float:
    """An attribute's number; no rotation is 0. Raises ValueError if it is none."""
    try:
        value = float(element.get(name) or ("0" if name == "rotation" else ""))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"its {name} is not a number")
    return value


def whole_number(element: Element, name: str, default: int | None = None) -> int:
    """An attribute's number. Raises ValueError if it is none."""
    value = element.get(name)
    if value is None and default is not None:
        return default
    try:
        return int(value or "")
    except ValueError:
        raise ValueError(f"its {name} is not a whole number") from None
