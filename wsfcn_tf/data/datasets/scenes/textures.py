"""The textures of the embedded scenes: one per class, and the backgrounds' four kinds.

A texture is a float64 field in [0, 1] over coordinates; the painter mixes two tones by it.
"""

from collections.abc import Callable

import cv2
import numpy as np

Texture = Callable[[np.ndarray, np.ndarray], np.ndarray]


# === Classes: (u, v) are the object's own coordinates, within [-1, 1] ===


def _soft_step(values: np.ndarray, sharpness: float) -> np.ndarray:
    """0 where values are clearly negative, 1 where clearly positive: stripes without hard aliasing."""
    return np.clip(0.5 + sharpness * values, 0, 1)


def _dots(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return _soft_step(np.cos(7 * u) * np.cos(7 * v) - 0.35, 3)


def _courses(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    row = np.floor(v / 0.36)
    joint = np.abs((u + 0.3 * (row % 2)) % 0.6 - 0.3) - 0.25
    bed = np.abs(v % 0.36 - 0.18) - 0.13
    return _soft_step(np.maximum(joint, bed), 12)


def _facets(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return _soft_step(np.sin(5 * np.arctan2(v, u)), 4)


def _veins(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    side = 0.07 - np.abs((u - np.abs(v)) % 0.34 - 0.17)
    return _soft_step(np.maximum(side, 0.06 - np.abs(v)), 12)


def _twist(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return _soft_step(np.sin(7 * np.arctan2(v, u) + 6 * np.hypot(u, v)), 3)


def _checks(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return _soft_step(np.sin(9 * u) * np.sin(9 * v), 6)


CLASS_TEXTURES: dict[str, Texture] = {
    "ball": _dots,
    "brick": _courses,
    "star": _facets,
    "leaf": _veins,
    "ring": _twist,
    "cross": _checks,
}
"""Class name -> its texture; each has a finer or coarser grain with the object's size."""


# === Backgrounds: (x, y) are the picture's coordinates, within [0, 1] ===


def _noise(rng: np.random.Generator, columns: int, rows: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Smooth random values on a grid of columns x rows, drawn independently of the picture's resolution."""
    grid = rng.random((rows + 1, columns + 1))
    return cv2.remap(grid, np.float32(x * columns), np.float32(y * rows), cv2.INTER_LINEAR)


def _clouds(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    octaves = [0.5**i * _noise(rng, cells, cells, x, y) for i, cells in enumerate((3, 7, 15, 31))]
    return np.clip(sum(octaves) / 1.875 * 1.6 - 0.3, 0, 1)


def _stripes(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    angle, frequency = rng.uniform(0, np.pi), rng.uniform(20, 60)
    wave = np.sin(frequency * (np.cos(angle) * x + np.sin(angle) * y) + rng.uniform(0, 2 * np.pi))
    return 0.5 * _soft_step(wave, 1.5) + 0.5 * _noise(rng, 2, 2, x, y)


def _grass(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    blades, patches = _noise(rng, 64, 24, x, y), _noise(rng, 4, 4, x, y)
    return 0.65 * blades + 0.35 * patches


def _wall(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows = rng.integers(5, 10)
    down = y * rows
    row = np.floor(down).astype(int)
    along = x * rows / 2 + 0.5 * (row % 2)
    stone = np.floor(along).astype(int)
    shade = rng.random((11, 11))[row, stone]
    to_bed, to_joint = np.minimum(down - row, row + 1 - down), np.minimum(along - stone, stone + 1 - along)
    return np.where(np.minimum(to_bed, 2 * to_joint) < 0.12, 1.0, 0.6 * shade)


BACKGROUNDS: tuple[Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray], ...] = (
    _clouds,
    _stripes,
    _grass,
    _wall,
)
"""(rng, x, y) -> texture, for each kind of background."""
