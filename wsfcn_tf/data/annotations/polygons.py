"""A region as one polygon of few points, its holes joined to the outline."""

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from wsfcn_tf.data.annotations.outlines import Region, rings_through_pixels
from wsfcn_tf.data.annotations.simplification import of_corners, of_middles

_LOST_PER_PIXEL, _LEAST_IOU = 0.02, 0.5
_FINER, _FINEST = 0.8, 0.25  # the next tolerance to try, and the one in pixels below which no corner of a pixel goes
_INSET = 0.25  # of a pixel: half of the way to where an edge-based reader would lose the outermost pixels
_NEAR = 0.01  # of a pixel: whether an edge that is nearer to a pixel's middle surrounds it, tools disagree about
# how tools fill a polygon: its points and a box's height and width in, bool [height, width] for each of them out
Fill = Callable[[np.ndarray, int, int], Sequence[np.ndarray]]
Candidates = Callable[[np.ndarray, float], Sequence[np.ndarray]]  # ways to leave out points: `of_corners`, `of_middles`
Move = Callable[[np.ndarray], np.ndarray]


def polygon(region: Region, tolerance: float) -> np.ndarray:
    """A region as one polygon, for tools whose polygons go along the edges of pixels (COCO's and those like it).

    A hole is joined to the outline by a line there and back, which has no area.

    Args:
        region: the region.
        tolerance: in pixels, how far the polygon may be from the region's border; 0 keeps every corner. A small region
            keeps more points: what tools fill and the region have an IoU of at least 1 - 0.02 tolerance, and never less
            than a half.

    Returns:
        float64 [K, 2], x and y in the photo in hundredths, K at least 3.
    """
    return _placed(_simplified(region.rings, tolerance, region.mask, of_corners, fill_along_edges), region)


def polygon_through_pixels(region: Region, tolerance: float) -> np.ndarray:
    """The same for tools that draw a polygon through the middle of its outermost pixels, as Pillow does for LabelMe.

    Its points are whole numbers: Pillow leaves out what is behind the point.
    """
    rings = rings_through_pixels(region.mask)
    return _placed(_simplified(rings, tolerance, region.mask, of_middles, fill_through_pixels), region)


def polygon_within_pixels(region: Region, tolerance: float) -> np.ndarray:
    """The same for YOLO's tools, of which Ultralytics fills the pixels that a polygon's points lie in, with its border.

    Its edges are a quarter of a pixel inside those of the region: so the outermost pixels' middles are inside, too, by
    which other tools go.
    """

    def fill(points: np.ndarray, height: int, width: int) -> Sequence[np.ndarray]:
        return [*fill_along_edges(points, height, width), fill_with_border(points, height, width)]

    return _placed(_simplified(region.rings, tolerance, region.mask, of_corners, fill, inset), region)


def _simplified(
    rings: Sequence[np.ndarray],
    tolerance: float,
    mask: np.ndarray,
    candidates: Candidates,
    fill: Fill,
    move: Move = lambda ring: ring,
) -> np.ndarray:
    """The rings with fewer points, moved and joined, as far as enough of the mask is left when they are filled."""
    least = max(_LEAST_IOU, 1 - _LOST_PER_PIXEL * tolerance)
    while tolerance >= _FINEST:
        ways = zip(*(candidates(ring, tolerance) for ring in rings), strict=True)
        for fewer in sorted(ways, key=lambda way: sum(map(len, way))):
            outline, *holes = (move(ring).round(2) for ring in fewer)
            if len(outline) < 3:
                continue
            points = joined([outline, *(hole for hole in holes if len(hole) > 2)])
            if min(_iou(filled, mask) for filled in fill(points, *mask.shape)) >= least:
                return points
        tolerance *= _FINER
    return joined([move(ring) for ring in rings])


def inset(ring: np.ndarray) -> np.ndarray:
    """A ring, [K, 2], its region on its right-hand side, with each edge a quarter of a pixel within the region."""
    steps = np.roll(ring, -1, axis=0) - ring
    lengths = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), _NEAR)
    inwards = np.stack([-steps[:, 1], steps[:, 0]], axis=1) / lengths[:, None]
    before = np.roll(inwards, 1, axis=0)
    sharpness = 1 + (inwards * before).sum(axis=1)  # 1 at a right angle, 2 on a line, 0 at a point
    return ring + _INSET * (inwards + before) / np.maximum(sharpness, 0.5)[:, None]


def joined(rings: Sequence[np.ndarray]) -> np.ndarray:
    """One ring out of an outline and its holes: from the nearest point to a hole, around it, and back.

    From left to right, so that what lies between a hole and the outline is mostly joined before it.
    """
    whole, *holes = rings
    for hole in sorted(holes, key=lambda ring: ring[:, 0].min()):
        here, there = _nearest(whole, hole)
        around = np.roll(hole, -there, axis=0)
        whole = np.concatenate([whole[: here + 1], around, around[:1], whole[here:]])
    return whole


def fill_along_edges(polygon: np.ndarray, height: int, width: int) -> list[np.ndarray]:
    """The pixels that a polygon goes around an odd number of times: bool [height, width], as COCO's API fills it, which
    rounds to fifths of a pixel, and with its edges a little further to the left and to the right.
    """
    runs = coco_mask.frPyObjects([polygon.ravel().tolist()], height, width)
    by_middle = (_fill_by_middle(polygon, height, width, moved) for moved in (-_NEAR, _NEAR))
    return [coco_mask.decode(runs)[..., 0].astype(bool), *by_middle]


def fill_through_pixels(polygon: np.ndarray, height: int, width: int) -> list[np.ndarray]:
    """The pixels that Pillow fills of a polygon, with its outline: bool [height, width]."""
    image = Image.new("1", (width, height))
    ImageDraw.Draw(image).polygon([tuple(point) for point in polygon.tolist()], fill=1, outline=1)
    return [np.array(image)]


def fill_with_border(polygon: np.ndarray, height: int, width: int) -> np.ndarray:
    """The pixels that OpenCV fills, with its border, once its points are cut to whole numbers: bool [height, width]."""
    pixels = cv2.fillPoly(np.zeros((height, width), np.uint8), [np.floor(polygon).astype(np.int32)], 1)
    return pixels.astype(bool)


def _fill_by_middle(polygon: np.ndarray, height: int, width: int, moved: float) -> np.ndarray:
    """The pixels whose middle a polygon goes around, its edges moved to the right before."""
    (x1, y1), (x2, y2) = polygon.T, np.roll(polygon, -1, axis=0).T
    top = np.clip(np.ceil(np.minimum(y1, y2) - 0.5), 0, height).astype(np.int64)  # the first row that an edge crosses
    rows = np.clip(np.ceil(np.maximum(y1, y2) - 0.5), 0, height).astype(np.int64) - top
    edge = np.repeat(np.arange(len(polygon)), rows)
    row = top[edge] + np.arange(len(edge)) - (np.cumsum(rows) - rows)[edge]
    crossing = x1[edge] + (x2 - x1)[edge] * (row + 0.5 - y1[edge]) / (y2 - y1)[edge] + moved
    column = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)  # the first whose middle is beyond
    crossed = np.bincount(row * (width + 1) + column, minlength=height * (width + 1)).reshape(height, width + 1)
    return np.cumsum(crossed, axis=1)[:, :width] % 2 == 1


def _placed(points: np.ndarray, region: Region) -> np.ndarray:
    """Points in a region's box as points in the photo."""
    return points.astype(np.float64) + np.array([region.left, region.top])


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)  # a region has pixels


def _nearest(whole: np.ndarray, hole: np.ndarray) -> tuple[int, int]:
    """Which two points of rings are nearest to each other; without a table of all pairs."""
    best = (math.inf, 0, 0)
    for there, point in enumerate(hole):
        distances = np.square(whole - point, dtype=np.float64).sum(axis=1)
        here = int(np.argmin(distances))
        best = min(best, (float(distances[here]), here, there))
    return best[1:]
