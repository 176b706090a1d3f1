"""Label Studio's regions: brushes, polygons and ellipses; keypoints and open lines; rectangles."""

import math
from typing import Any

import numpy as np

from wsfcn_tf.data.masks.coco_masks import fill_polygons
from wsfcn_tf.data.masks.run_lengths import from_brush
from wsfcn_tf.data.shapes.drawing import Shape, box, stroke

_PERCENT = 100


def label_studio_shape(region: dict[str, Any], label: int, height: int, width: int, radius: int) -> Shape:
    """What a region covers. Raises ValueError, TypeError or LookupError if it is broken or covers nothing."""
    size, sides = (height, width), np.array([width, height]) / _PERCENT
    if region.get("rle"):
        return Shape("area", from_brush(bytes(list(region["rle"])), height, width), label)
    if "points" in region:
        points = np.array([(float(x), float(y)) for x, y in region["points"]]) * sides
        if region.get("closed") is False:
            return Shape("stroke", stroke(points.tolist(), size, radius), label)
        return Shape("area", fill_polygons([points.ravel()], height, width), label)
    x, y = (np.array([float(region["x"]), float(region["y"])]) * sides).tolist()
    if "radiusX" in region:
        rx, ry = (np.array([float(region["radiusX"]), float(region["radiusY"])]) * sides).tolist()
        turned = [_turned(math.cos(t) * rx, math.sin(t) * ry, region) for t in np.linspace(0, 2 * math.pi, 180, False)]
        outline = [value for dx, dy in turned for value in (x + dx, y + dy)]
        return Shape("area", fill_polygons([outline], height, width), label)
    if "height" in region:
        w, h = (np.array([float(region["width"]), float(region["height"])]) * sides).tolist()
        corners = [_turned(dx, dy, region) for dx, dy in ((0, 0), (w, 0), (w, h), (0, h))]  # around the first corner
        return Shape("box", box([(x + dx, y + dy) for dx, dy in corners], size), label)
    return Shape("stroke", stroke([(x, y)], size, radius), label)


def _turned(x: float, y: float, region: dict[str, Any]) -> tuple[float, float]:
    """Clockwise by the region's rotation in degrees."""
    angle = math.radians(float(region.get("rotation") or 0))
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
