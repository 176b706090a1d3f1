"""The release's augmentation: torchvision's RandomResizedCrop, flip and ColorJitter, equal to Pillow's to the bit."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.augmentation import colours
from wsfcn_tf.data.augmentation.bicubic import resize_bicubic

_ATTEMPTS = 10
_BLENDS = (colours.change_brightness, colours.change_contrast, colours.change_saturation)
_HUE = len(_BLENDS)


class View(NamedTuple):
    """What the network is shown of a photo: uint8 [S,S,3], RGB; its cue, float32 [S,S], or None; its masks [S,S]."""

    image: np.ndarray
    cue: np.ndarray | None
    masks: tuple[np.ndarray, ...]

    def mirrored(self) -> "View":
        """The same from left to right."""
        cue = None if self.cue is None else cv2.flip(self.cue, 1)
        return View(cv2.flip(self.image, 1), cue, tuple(cv2.flip(mask, 1) for mask in self.masks))


def augment(
    image: np.ndarray,
    rng: np.random.Generator,
    config: DataConfig,
    cue: np.ndarray | None = None,
    masks: Sequence[np.ndarray] = (),
) -> View:
    """One training view of a photo: random resized crop, then flip, then colour jitter.

    Args:
        image: uint8 [H,W,3], RGB.
        rng: all randomness comes from here.
        config: crop_size, crop_area, crop_ratio, flip and jitter; a jitter strength of 0 switches that part off.
        cue: float32 [H,W], a measure of each pixel; it is cropped and flipped with the photo.
        masks: [H,W] each, uint8 or float32, likewise; each pixel keeps a value that was there.

    Returns:
        The view at crop_size. Cue and masks change nothing of what is drawn.
    """
    box = random_crop_box(*image.shape[:2], rng, config.crop_area, config.crop_ratio)
    view = _resized_crop(image, cue, masks, box, config.crop_size)
    if config.flip and rng.random() < 0.5:
        view = view.mirrored()
    return view._replace(image=jitter_colours(view.image, rng, config.jitter))


def central_view(
    image: np.ndarray, config: DataConfig, cue: np.ndarray | None = None, masks: Sequence[np.ndarray] = ()
) -> View:
    """How validation sees a photo: as much of it as crop_ratio allows, at crop_size; nothing random.

    Args:
        image: uint8 [H,W,3], RGB.
        config: crop_size and crop_ratio.
        cue: float32 [H,W], a measure of each pixel.
        masks: [H,W] each, uint8 or float32.

    Returns:
        The view at crop_size.
    """
    box = central_crop_box(*image.shape[:2], config.crop_ratio)
    return _resized_crop(image, cue, masks, box, config.crop_size)


def _resized_crop(
    image: np.ndarray, cue: np.ndarray | None, masks: Sequence[np.ndarray], box: tuple[int, int, int, int], size: int
) -> View:
    top, left, height, width = box
    where = slice(top, top + height), slice(left, left + width)
    if cue is not None:
        cue = cv2.resize(cue[where], (size, size), interpolation=cv2.INTER_LINEAR)
    # EXACT: the pixel at whose centre the view's pixel has its own, as in the photo's bicubic resizing
    nearest = (cv2.resize(mask[where], (size, size), interpolation=cv2.INTER_NEAREST_EXACT) for mask in masks)
    return View(resize_bicubic(image[where], size, size), cue, tuple(nearest))


def random_crop_box(
    height: int, width: int, rng: np.random.Generator, area: tuple[float, float], ratio: tuple[float, float]
) -> tuple[int, int, int, int]:
    """A crop as torchvision's RandomResizedCrop chooses it.

    Args:
        height, width: the photo's.
        rng: source of randomness.
        area: least and greatest share of the photo's area.
        ratio: least and greatest width / height; drawn log-uniformly.

    Returns:
        top, left, height, width: a box within the photo; after ten draws that do not fit, the largest central one.
    """
    for _ in range(_ATTEMPTS):
        target = height * width * rng.uniform(*area)
        aspect = np.exp(rng.uniform(*np.log(ratio)))
        w, h = round(np.sqrt(target * aspect)), round(np.sqrt(target / aspect))
        if 0 < w <= width and 0 < h <= height:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    return central_crop_box(height, width, ratio)


def central_crop_box(height: int, width: int, ratio: tuple[float, float]) -> tuple[int, int, int, int]:
    """The largest central crop whose width / height is within `ratio`: top, left, height, width."""
    aspect = min(max(width / height, ratio[0]), ratio[1])
    h, w = min(height, round(width / aspect)), min(width, round(height * aspect))
    return (height - h) // 2, (width - w) // 2, h, w


def jitter_colours(
    image: np.ndarray, rng: np.random.Generator, strengths: tuple[float, float, float, float]
) -> np.ndarray:
    """The four changes of torchvision's ColorJitter, in random order.

    Args:
        image: uint8 [H,W,3], RGB.
        rng: source of randomness.
        strengths: of brightness, contrast and saturation, whose factors are uniform in [max(0, 1 - x), 1 + x], and of
            the hue's shift, uniform in [-x, x] turns.

    Returns:
        uint8 [H,W,3], RGB.
    """
    planes = np.stack(cv2.split(image)).reshape(3, -1)
    for part in rng.permutation(len(strengths)):
        strength = strengths[part]
        if strength == 0:
            continue
        if part == _HUE:
            colours.shift_hue(planes, rng.uniform(-strength, strength))
        else:
            _BLENDS[part](planes, rng.uniform(max(0, 1 - strength), 1 + strength))
    return cv2.merge(list(planes.reshape(3, *image.shape[:2])))
