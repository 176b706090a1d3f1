"""What people draw in less time than a whole mask, made from whole masks: scribbles, points, masks of a few photos.

A stroke is the longest way through the middle of a class's largest piece, a point lies well inside it; both stay within
the class, as a careful hand does. Background counts as a class.
"""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.masks.png import IGNORE, write_mask

WIDTH = 3  # of a stroke, in pixels
RADIUS = 3  # of a point
_CORE = 0.4  # how deep in a piece, of its deepest place, a hand keeps

Draw = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def whole(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mask as it is."""
    return mask


def scribbles(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One stroke for each class of a mask, uint8 [H,W]; all else is 255."""

    def stroke(core: np.ndarray, depth: np.ndarray) -> np.ndarray:
        start = _farthest(core, _pick(core, rng))[-1]
        way = np.array(_farthest(core, start), np.int32)[:, ::-1]
        return cv2.polylines(np.zeros(core.shape, np.uint8), [way], False, 1, WIDTH)

    return _of_each_class(mask, stroke)


def points(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One disc for each class of a mask, uint8 [H,W]; all else is 255."""

    def disc(core: np.ndarray, depth: np.ndarray) -> np.ndarray:
        row, column = _pick(core, rng)
        return cv2.circle(np.zeros(core.shape, np.uint8), (int(column), int(row)), RADIUS, 1, cv2.FILLED)

    return _of_each_class(mask, disc)


def write_partial(folder: Path, dataset: Dataset, names: Sequence[str], share: float, draw: Draw, seed: int) -> None:
    """Writes what is drawn of a share of the photos, as index PNGs; a larger share has the photos of a smaller one.

    Args:
        folder: made if need be.
        dataset: whose true masks are looked at.
        names: of its photos.
        share: above 0 and at most 1.
        draw: `whole`, `scribbles` or `points`.
        seed: of the choice of photos, and of what is drawn.
    """
    order = np.random.default_rng([seed, 0]).permutation(len(names))
    for index in order[: max(1, round(share * len(names)))]:
        path = folder / f"{Path(names[index]).with_suffix('') if '.' in names[index] else names[index]}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_mask(path, draw(dataset.mask(names[index]), np.random.default_rng([seed, 1, index])))


def _of_each_class(mask: np.ndarray, draw: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    drawn = np.full(mask.shape, IGNORE, np.uint8)
    for label in np.setdiff1d(mask, [IGNORE]):
        own = (mask == label).astype(np.uint8)
        _, pieces, statistics, _ = cv2.connectedComponentsWithStats(own)
        piece = (pieces == 1 + statistics[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
        depth = cv2.distanceTransform(np.pad(piece, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        drawn[(draw(_core(depth), depth) > 0) & (own > 0)] = label
    return drawn


def _core(depth: np.ndarray) -> np.ndarray:
    """The connected inner part around the deepest pixel: bool [H,W]."""
    _, pieces = cv2.connectedComponents((depth >= _CORE * depth.max()).astype(np.uint8))
    return pieces == pieces[np.unravel_index(depth.argmax(), depth.shape)]


def _pick(core: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    return tuple(rng.choice(np.argwhere(core)).tolist())


def _farthest(core: np.ndarray, start: tuple[int, int]) -> list[tuple[int, int]]:
    """The shortest way, within the core, from a pixel to that which is farthest from it."""
    before, waiting, last = {start: start}, deque([start]), start
    while waiting:
        last = row, column = waiting.popleft()
        for there in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            inside = 0 <= there[0] < core.shape[0] and 0 <= there[1] < core.shape[1]
            if inside and core[there] and there not in before:
                before[there] = last
                waiting.append(there)
    way = [last]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]
