"""The outlines of the six classes of the embedded scenes, and how much of each pixel they cover."""

from collections.abc import Callable

import cv2
import numpy as np

_SUPERSAMPLING = 4
_SHIFT = 4  # cv2.fillPoly takes fixed-point vertices: integers, so that masks are the same on every machine


def _circle(radius: float) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _ball(rng: np.random.Generator) -> list[np.ndarray]:
    return [_circle(1.0) * (1.0, rng.uniform(0.85, 1.0))]


def _brick(rng: np.random.Generator) -> list[np.ndarray]:
    x, y = 0.9, rng.uniform(0.45, 0.6)
    return [np.array([(-x, -y), (x, -y), (x, y), (-x, y)])]


def _star(rng: np.random.Generator) -> list[np.ndarray]:
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    radii = np.where(np.arange(10) % 2 == 0, 1.0, rng.uniform(0.45, 0.55))
    return [radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)]


def _leaf(rng: np.random.Generator) -> list[np.ndarray]:
    x = np.linspace(-1, 1, 33)
    y = rng.uniform(0.45, 0.6) * (1 - x**2)
    return [np.concatenate([np.stack([x, y], axis=-1), np.stack([x, -y], axis=-1)[::-1]])]


def _ring(rng: np.random.Generator) -> list[np.ndarray]:
    return [_circle(1.0), _circle(rng.uniform(0.4, 0.55))]


def _cross(rng: np.random.Generator) -> list[np.ndarray]:
    a = rng.uniform(0.28, 0.38)
    quarter = np.array([(a, a), (a, 1), (-a, 1)])
    turns = [np.array([(c, s), (-s, c)]) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    return [np.concatenate([quarter @ turn for turn in turns])]


OUTLINES: dict[str, Callable[[np.random.Generator], list[np.ndarray]]] = {
    "ball": _ball,
    "brick": _brick,
    "star": _star,
    "leaf": _leaf,
    "ring": _ring,
    "cross": _cross,
}
"""Class name -> contours (float64 [N,2], x then y, within [-1, 1]) of one example of it; a second contour is a hole."""


def coverage(contours: list[np.ndarray], size: int) -> np.ndarray:
    """The share of each pixel that lies inside the contours.

    Args:
        contours: float [N,2] each, x then y, in units of the picture's side; even-odd rule.
        size: the picture's side in pixels.

    Returns:
        uint8 [size,size]: 0 is outside, 255 is inside.
    """
    scale = size * _SUPERSAMPLING * 2**_SHIFT
    corners_to_centres = 2 ** (_SHIFT - 1)
    points = [np.round(contour * scale).astype(np.int32) - corners_to_centres for contour in contours]
    canvas = np.zeros((size * _SUPERSAMPLING, size * _SUPERSAMPLING), np.uint8)
    cv2.fillPoly(canvas, points, 255, shift=_SHIFT)
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
