"""The embedded dataset: generated scenes of six kinds of object, with exact masks. Nothing to download or to store.

The classes differ in shape, colour and texture. Colour alone does not tell them apart: the hues of neighbouring classes
overlap, and backgrounds take any hue.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.shapes import OUTLINES, coverage
from wsfcn_tf.data.datasets.scenes.textures import BACKGROUNDS, CLASS_TEXTURES
from wsfcn_tf.data.shapes.drawing import AS_DRAWN, Drawing
from wsfcn_tf.errors import UserError

_SPLITS = ("train", "val")
_SMALLEST_SIDE = 32
_HUE_SPREAD = 42.0  # degrees to both sides of a class's own hue; the six are 60 apart
_SMALLEST_VISIBLE = 0.02  # of the picture's area
_SMALLEST_VISIBLE_PART = 0.5  # of the object's own area
_KEPT = 4096  # scenes in memory: drawing one takes longer than a small network takes to learn from it


class _Scene(NamedTuple):
    """What `Scenes` answers; the arrays are read-only."""

    image: np.ndarray
    tags: np.ndarray
    mask: np.ndarray


class Scenes:
    """A `Dataset` in which every scene is a pure function of the seed, the split and the scene's number.

    Args:
        config: the number of scenes, their side in pixels, and the seed.

    Raises:
        UserError: the side is too small to tell the classes apart.
    """

    class_names: tuple[str, ...] = tuple(OUTLINES)

    def __init__(self, config: ScenesConfig) -> None:
        if config.size < _SMALLEST_SIDE:
            raise UserError(
                f"data.scenes.size: {config.size} is too small for six classes: use {_SMALLEST_SIDE} or more"
            )
        self._config = config
        self._scene = lru_cache(_KEPT)(self._draw)

    def names(self, split: str) -> list[str]:
        """The scenes of "train" or "val": `train_0000` and so on."""
        if split not in _SPLITS:
            raise UserError(f"the embedded scenes have the splits {' and '.join(_SPLITS)}, but not {split!r}")
        return [f"{split}_{index:04d}" for index in range(getattr(self._config, split))]

    def image(self, name: str) -> np.ndarray:
        """The rendered scene: uint8 [size,size,3], RGB, read-only."""
        return self._scene(name).image

    def tags(self, name: str) -> np.ndarray:
        """float32 [6], read-only, 1 for each class in the scene; all of them are visible in it."""
        return self._scene(name).tags

    def mask(self, name: str) -> np.ndarray:
        """The exact labels: uint8 [size,size], 0..6, read-only.

        A pixel belongs to the object that covers more than half of it.
        """
        return self._scene(name).mask

    def training_mask(self, name: str, drawing: Drawing = AS_DRAWN) -> np.ndarray:
        """The same, for training that may learn from masks."""
        return self.mask(name)

    def _draw(self, name: str) -> _Scene:
        split, _, index = name.rpartition("_")
        rng = np.random.default_rng([self._config.seed, _SPLITS.index(split), int(index)])
        items = _layout(rng, self._config.size)
        tags = np.zeros(len(self.class_names), np.float32)
        tags[[item.label - 1 for item in items]] = 1
        scene = _Scene(_paint(rng, items, self._config.size), tags, _labels(items))
        for array in scene:
            array.setflags(write=False)
        return scene


@dataclass(frozen=True)
class _Item:
    """One object in a scene: its label (1..6), pose, and coverage uint8 [size,size]; lengths are shares of the side."""

    label: int
    centre: np.ndarray
    radius: float
    angle: float
    coverage: np.ndarray


def _layout(rng: np.random.Generator, size: int) -> list[_Item]:
    """One to three objects, later ones in front; drawn again until enough of each can be seen."""
    while True:
        items = [_item(rng, size) for _ in range(rng.integers(1, 4))]
        if _all_visible(items):
            return items


def _item(rng: np.random.Generator, size: int) -> _Item:
    label = int(rng.integers(1, len(OUTLINES) + 1))
    radius = rng.uniform(0.15, 0.3)
    centre = rng.uniform(0.7 * radius, 1 - 0.7 * radius, size=2)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    contours = [centre + radius * contour @ turn for contour in list(OUTLINES.values())[label - 1](rng)]
    return _Item(label, centre, radius, angle, coverage(contours, size))


def _all_visible(items: list[_Item]) -> bool:
    covered = np.zeros(items[0].coverage.shape, bool)
    for item in reversed(items):
        own = item.coverage > 127
        visible = np.count_nonzero(own & ~covered)
        if visible < max(_SMALLEST_VISIBLE * own.size, _SMALLEST_VISIBLE_PART * np.count_nonzero(own)):
            return False
        covered |= own
    return True


def _labels(items: list[_Item]) -> np.ndarray:
    labels = np.zeros(items[0].coverage.shape, np.uint8)
    for item in items:
        labels[item.coverage > 127] = item.label
    return labels


def _paint(rng: np.random.Generator, items: list[_Item], size: int) -> np.ndarray:
    """The picture: a background, the objects over it, and one light over all."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    picture = _background(rng, x, y)
    for item in items:
        opacity = item.coverage[..., None] / 255
        picture += opacity * (_surface(rng, item, x, y) - picture)
    picture *= _light(rng, x, y, strength=0.2)[..., None]
    return np.uint8(np.clip(np.round(255 * picture), 0, 255))


def _background(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    mix = BACKGROUNDS[rng.integers(len(BACKGROUNDS))](rng, x, y)
    hue = rng.uniform(0, 360) + rng.uniform(-60, 60) * mix
    saturation = rng.uniform(0.1, 0.65) + rng.uniform(-0.15, 0.15) * mix
    value = rng.uniform(0.3, 0.75) + rng.uniform(0.08, 0.25) * mix
    return _rgb(hue, saturation, value)


def _surface(rng: np.random.Generator, item: _Item, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    right, down = (x - item.centre[0]) / item.radius, (y - item.centre[1]) / item.radius
    cosine, sine = np.cos(item.angle), np.sin(item.angle)
    texture = list(CLASS_TEXTURES.values())[item.label - 1]
    mix = texture(cosine * right + sine * down, cosine * down - sine * right)
    hue = 60 * (item.label - 1) + rng.uniform(-_HUE_SPREAD, _HUE_SPREAD)
    saturation = rng.uniform(0.55, 0.95) - rng.uniform(0.0, 0.25) * mix
    value = rng.uniform(0.7, 1.0) - rng.uniform(0.2, 0.4) * mix
    return _rgb(hue + 0 * mix, saturation, value * _light(rng, right / 2, down / 2, strength=0.25))


def _light(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
    """A factor around 1 that falls from one side to the other."""
    angle = rng.uniform(0, 2 * np.pi)
    return 1 + rng.uniform(0, strength) * (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))


def _rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """HSV in degrees and [0, 1] -> RGB in [0, 1]."""
    hsv = np.stack([hue % 360, np.clip(saturation, 0, 1), np.clip(value, 0, 1)], axis=-1)
    return cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2RGB).astype(np.float64)
