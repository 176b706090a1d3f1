"""Closed outlines with fewer points."""

import cv2
import numpy as np


def of_corners(ring: np.ndarray, tolerance: float) -> list[np.ndarray]:
    """Ways to leave out points of an outline along the edges of pixels.

    Args:
        ring: int32 [K, 2], corners joined by horizontal and vertical lines.
        tolerance: how far one outline may be from the other.

    Returns:
        Two of float64 [k, 2]: some of its corners; and where lines meet that fit the steps best between some of them,
        which lose little of curves, and of which less are needed.
    """
    return [approximated(ring, tolerance).astype(np.float64), _fitted(ring, tolerance)]


def of_middles(ring: np.ndarray, tolerance: float) -> list[np.ndarray]:
    """One way to leave out points of an outline through the middle of pixels: int32 [k, 2], some of its points."""
    return [approximated(ring, tolerance)]


def approximated(ring: np.ndarray, tolerance: float) -> np.ndarray:
    """Some points of a closed outline, int32 [K, 2], so that none is further from it (Ramer, Douglas and Peucker)."""
    return cv2.approxPolyDP(ring[:, None], tolerance, closed=True)[:, 0]


def _fitted(ring: np.ndarray, tolerance: float) -> np.ndarray:
    """Lines through the middles of the steps, between those that are chosen of the middles."""
    middles = _middles(ring)
    chosen = approximated((2 * middles).astype(np.int32), 2 * tolerance)
    number = {point: at for at, point in enumerate(map(tuple, (2 * middles).astype(np.int32).tolist()))}
    at = sorted(number[point] for point in map(tuple, chosen.tolist()))
    if len(at) < 3:
        return middles[at]
    whole = np.concatenate([middles, middles])
    ends = [*at[1:], at[0] + len(middles)]
    lines = [_line(whole[first : last + 1]) for first, last in zip(at, ends, strict=True)]
    met = [_meeting(lines[i - 1], lines[i], middles[first], tolerance) for i, first in enumerate(at)]
    return np.clip(met, ring.min(axis=0), ring.max(axis=0))  # not beyond the photo


def _middles(ring: np.ndarray) -> np.ndarray:
    """The middle of each step of length 1: float64 [K, 2]."""
    steps = np.roll(ring, -1, axis=0) - ring
    lengths = np.abs(steps).sum(axis=1)
    of = np.repeat(np.arange(len(ring)), lengths)
    along = np.arange(len(of)) - (np.cumsum(lengths) - lengths)[of] + 0.5
    return ring[of] + np.sign(steps)[of] * along[:, None]


def _line(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A point of the line that fits some best (least squares of the distances), and its direction."""
    middle = points.mean(axis=0)
    (xx, xy), (_, yy) = (points - middle).T @ (points - middle)
    angle = np.arctan2(2 * xy, xx - yy) / 2
    return middle, np.array([np.cos(angle), np.sin(angle)])


def _meeting(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], near: np.ndarray, tolerance: float
) -> np.ndarray:
    """Where two lines meet; `near` if that is further from it than the tolerance, as of lines in one direction."""
    (point, direction), (other_point, other_direction) = one, other
    across = direction[0] * other_direction[1] - direction[1] * other_direction[0]
    if abs(across) < 1e-6:
        return near
    apart = other_point - point
    found = point + direction * (apart[0] * other_direction[1] - apart[1] * other_direction[0]) / across
    return found if np.abs(found - near).max() <= tolerance else near
