"""CVAT's polygons, ellipses and brush masks."""

import math
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from wsfcn_tf.data.layouts.annotations import read_xml
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, checked_size, lay_over, once, place
from wsfcn_tf.data.layouts.outlines import OF_PHOTO, Outlines
from wsfcn_tf.data.layouts.tools.cvat import objects_of
from wsfcn_tf.data.masks.coco_masks import fill_polygons
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.masks.run_lengths import from_counts


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Objects of a higher z_order lie on top, and of one z_order, the later ones."""

    @once
    def images(name: str) -> list[Element]:
        return read_xml(SourceFolder(root), name).findall("image")

    def read(photo: str, found: Outlines) -> np.ndarray:
        image = images(found.file)[found.entry]
        where = f"{root / found.file}: image {(image.get('name') or '')[:100]!r}"
        with place(where):
            height, width = checked_size(_whole(image, "height"), _whole(image, "width"), where)
        objects = [(number, one) for number, one in enumerate(objects_of(image), start=1) if one.tag != OF_PHOTO]
        with place(where):
            objects.sort(key=lambda pair: _whole(pair[1], "z_order", 0))
        drawn = (_drawn(element, f"{where}: object {number}", height, width) for number, element in objects)
        return lay_over(drawn, height, width)

    def _drawn(element: Element, where: str, height: int, width: int) -> tuple[np.ndarray, int]:
        with place(where):
            pixels = _pixels(element, height, width)
        return pixels, label_of(element.get("label") or "", class_names, where)

    return read


def _pixels(element: Element, height: int, width: int) -> np.ndarray:
    """What an object covers: bool [height,width]. Raises ValueError if it is broken."""
    if element.tag == "polygon":
        points = [point.split(",") for point in (element.get("points") or "").split(";")]
        return fill_polygons([[float(value) for x, y in points for value in (x, y)]], height, width)
    if element.tag == "ellipse":
        return _ellipse(*(_real(element, name) for name in ("cx", "cy", "rx", "ry", "rotation")), height, width)
    left, top, own_width, own_height = (_whole(element, name) for name in ("left", "top", "width", "height"))
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


def _whole(element: Element, name: str, default: int | None = None) -> int:
    """An attribute's number. Raises ValueError if it is none."""
    value = element.get(name)
    if value is None and default is not None:
        return default
    try:
        return int(value or "")
    except ValueError:
        raise ValueError(f"its {name} is not a whole number") from None
