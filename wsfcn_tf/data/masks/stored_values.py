"""The numbers that a mask file stores: grey tones, palette indices, bits or 16-bit values; never colours."""

from pathlib import Path

import numpy as np
from PIL import Image

from wsfcn_tf.data.masks.png import DEEP, decode_pixels
from wsfcn_tf.data.photos.image_files import JPEG, format_of
from wsfcn_tf.data.photos.images import read_bytes
from wsfcn_tf.errors import UserError

_NEARLY_GREY = 8  # of 255 between channels: what a JPEG makes of grey


class StoredValues:
    """A mask file's numbers.

    Attributes:
        values: int32 [H,W]; of a file of bits 0 and 1.
        are_bits: whether the file has two values only, by its kind.
        are_exact: whether they are what was saved: a JPEG's are not.
    """

    def __init__(self, path: Path) -> None:
        data = read_bytes(path)
        image = decode_pixels(data, str(path))
        self.are_exact = format_of(data) != JPEG
        self.are_bits = image.mode == "1"
        self.values = _numbers(image, self.are_exact, str(path))


def _numbers(image: Image.Image, exact: bool, where: str) -> np.ndarray:
    if image.mode == "1":
        return np.asarray(image).astype(np.int32)
    if image.mode in ("L", "P") or image.mode in DEEP:
        return np.array(image, np.int32)
    if not exact and image.mode == "RGB":
        colours = np.array(image, np.int32)
        if np.ptp(colours, axis=-1).max() <= _NEARLY_GREY:
            return np.array(image.convert("L"), np.int32)
    if image.mode in ("LA", "RGBA") and image.getextrema()[-1] != (255, 255):
        raise UserError(f"{where}: a mask may not be transparent: save it without an alpha channel")
    if image.mode in ("RGB", "RGBA", "LA"):
        colours = np.array(image.convert("RGB"), np.int32)
        if (colours == colours[..., :1]).all():
            return colours[..., 0]
        raise UserError(f"{where}: holds colours, not values: say in legend.csv what they mean")
    raise UserError(f"{where}: a mask cannot be {image.mode}: save it as a PNG of 8 or 16 bits")
