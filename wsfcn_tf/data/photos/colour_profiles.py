"""From the colours that an ICC profile describes to sRGB, which is what photos without a profile are in.

Phones write Display P3, cameras Adobe RGB: read as if they were sRGB, their colours are paler than what was there.
"""

import io
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # a profile's colour space: Pillow's mode of its pixels
_UNSEEN = 2  # of 255: profiles that change no colour by more are sRGB, whatever their name and rounding


class ToSrgb(NamedTuple):
    """A profile that changes colours.

    Attributes:
        mode: Pillow's mode of the pixels that it is for.
        transform: Little CMS' way from them to sRGB; threads may share it.
    """

    mode: str
    transform: ImageCms.ImageCmsTransform

    def of_picture(self, image: Image.Image) -> Image.Image:
        """The picture in sRGB; pixels of another kind than the profile's stay as they are."""
        return ImageCms.applyTransform(image, self.transform) if image.mode == self.mode else image

    def of_pixels(self, rgb: np.ndarray) -> np.ndarray:
        """Decoded pixels, uint8 [H,W,3], in sRGB; a profile for greyscale is for pixels that are grey."""
        if self.mode == "RGB":
            return np.array(self.of_picture(Image.fromarray(rgb)))
        grey = rgb[..., 0]
        if self.mode == "L" and (rgb == grey[..., None]).all():
            return np.array(self.of_picture(Image.fromarray(grey)))
        return rgb


@lru_cache(64)  # a camera writes the same profile into all of its photos
def to_srgb(profile: bytes) -> ToSrgb | None:
    """How a profile's colours become sRGB, with the perceptual intent, as browsers show them.

    Args:
        profile: the ICC profile.

    Returns:
        The way; None if there is nothing to do, or nothing that can be done: the profile is sRGB, broken, or for
        colours that no photo has.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES[source.profile.xcolor_space.strip()]
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
        way = ToSrgb(mode, transform)
        return way if mode == "CMYK" or _changes(way) else None
    except (ImageCms.PyCMSError, KeyError, OSError, TypeError, ValueError):  # a broken profile is none
        return None


def _changes(way: ToSrgb) -> bool:
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    channels = np.meshgrid(levels, levels, levels) if way.mode == "RGB" else [levels[None]] * 3
    colours = np.stack(channels, axis=-1).reshape(1, -1, 3)
    return bool((np.abs(way.of_pixels(colours).astype(int) - colours) > _UNSEEN).any())
