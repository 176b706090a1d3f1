"""COCO's polygons and run lengths as pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.errors import UserError

_SHORTEST = 6  # numbers: three points


@dataclass(frozen=True)
class CocoObject:
    """One annotation: its id, its label (1 and more), whether it is a crowd, and its segmentation as JSON has it."""

    id: int
    label: int
    crowd: bool
    segmentation: Sequence[Sequence[float]] | Mapping[str, Any]


def paint(objects: Sequence[CocoObject], height: int, width: int) -> np.ndarray:
    """The objects' labels, uint8 [height,width]; 0 where there is none.

    Smaller objects lie on top of larger ones, by their number of pixels; of two that are equal, the later one. Crowds
    take part with label 255, ignore: what is in them has not been outlined one by one.

    Raises:
        UserError: a segmentation is broken or made for another size.
    """
    shapes = [(rasterise(item, height, width), IGNORE if item.crowd else item.label) for item in objects]
    labels = np.zeros((height, width), np.uint8)
    for pixels, label in sorted(shapes, key=lambda shape: -np.count_nonzero(shape[0])):
        labels[pixels] = label
    return labels


def rasterise(item: CocoObject, height: int, width: int) -> np.ndarray:
    """The object's pixels: bool [height,width]. Polygons of fewer than three points have none.

    Raises:
        UserError: the segmentation is broken or made for another size.
    """
    try:
        if isinstance(item.segmentation, Mapping):
            return _decoded(_checked_runs(item.segmentation, height, width), height, width)
        return fill_polygons(item.segmentation, height, width)
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise UserError(f"annotation {item.id}: its segmentation is broken ({error})") from None


def fill_polygons(polygons: Sequence[Sequence[float]], height: int, width: int) -> np.ndarray:
    """The pixels in any of the polygons, x, y, x, y, ... each: bool [height,width].

    Raises:
        ValueError, TypeError, OverflowError: one is no such list, or lies far outside.
    """
    return _decoded(_checked_polygons(polygons, height, width), height, width)


def _decoded(runs: list[dict[str, Any]], height: int, width: int) -> np.ndarray:
    return coco_mask.decode(coco_mask.merge(runs)).astype(bool) if runs else np.zeros((height, width), bool)


def _checked_polygons(polygons: Sequence[Sequence[float]], height: int, width: int) -> list[dict[str, Any]]:
    """Run lengths of polygons; the C code behind `frPyObjects` trusts what it is given."""
    kept = []
    for polygon in polygons:
        points = np.array(polygon, np.float64)
        if points.ndim != 1 or points.size % 2:
            raise ValueError("a polygon is not a list of x, y, x, y")
        if points.size < _SHORTEST:
            continue
        points = points.reshape(-1, 2)
        side = np.array([width, height])
        if not ((points >= -side) & (points <= 2 * side)).all():  # false for NaN, too
            raise ValueError(f"a polygon lies outside the image of {width}x{height} pixels")
        kept.append(points.ravel().tolist())
    return coco_mask.frPyObjects(kept, height, width) if kept else []


def _checked_runs(runs: Mapping[str, Any], height: int, width: int) -> list[dict[str, Any]]:
    """Run lengths, compressed or not, in the form that `decode` takes, which leaves pixels unset if they end early."""
    if list(runs["size"]) != [height, width]:
        raise ValueError(f"its run lengths are for {runs['size'][1]}x{runs['size'][0]} pixels, not {width}x{height}")
    counts = _uncompressed(runs["counts"]) if isinstance(runs["counts"], str) else runs["counts"]
    if min(counts, default=0) < 0 or sum(counts) != height * width:
        raise ValueError(f"its run lengths do not add up to {width}x{height} pixels")
    return [coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)]


def _uncompressed(text: str) -> list[int]:
    """Run lengths from COCO's string form (`rleFrString` in its API).

    Characters from "0" on hold 5 bits each, the lowest first; the sixth says that more follow, the fifth of the last
    is the sign. From the fourth on, a number is the difference to the last but one.
    """
    counts: list[int] = []
    number = shift = 0
    for character in text:
        bits = ord(character) - ord("0")
        if not 0 <= bits < 64:
            raise ValueError(f"{character!r} is not part of compressed run lengths")
        number |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                number -= 1 << shift
            counts.append(number + (counts[-2] if len(counts) > 2 else 0))
            number = shift = 0
    return counts
