"""Label masks as index PNGs: reading them, and writing them with VOC's palette."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from wsfcn_tf.data.photos.image_files import JPEG, format_of
from wsfcn_tf.data.photos.images import read_bytes
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing

IGNORE = 255
DEEP = ("I;16", "I;16B", "I;16L", "I")  # Pillow's modes of 16 bits, and what it makes of them


def read_mask(path: str | Path, num_classes: int) -> np.ndarray:
    """Reads a mask as uint8 [H,W]: 0 = background, 1..num_classes, 255 = ignore.

    Raises:
        UserError: the file is missing or unreadable, not an index PNG, or holds a label outside the classes.
    """
    return decode_mask(read_bytes(Path(path)), str(path), num_classes)


def decode_mask(data: bytes, where: str, num_classes: int) -> np.ndarray:
    """A mask file's content as `read_mask` gives it; `where` is the first word of an error's message.

    Raises:
        UserError: it is not an index PNG of 8 or 16 bits, or holds a label outside the classes.
    """
    image = decode_pixels(data, where)
    if format_of(data) == JPEG:
        raise UserError(
            f"{where}: is a JPEG, which does not keep values: save it as a PNG, or set data.mask_values, such as "
            "{0: background, 255: CLASS}: the nearest of them is then meant"
        )
    if image.mode == "1":
        raise UserError(
            f"{where}: holds bits, and label 1 may be meant or all that is white: set data.mask_values, such as "
            "{0: background, 1: CLASS}"
        )
    if image.mode not in ("P", "L", *DEEP):
        raise UserError(
            f"{where}: a mask has to be an index PNG (palette or 8-bit greyscale), but this one is {image.mode}: "
            "convert it, or say in legend.csv what its colours mean"
        )
    labels = np.array(image)
    outside = labels[(labels < 0) | ((labels > num_classes) & (labels != IGNORE))]
    if outside.size:
        raise UserError(
            f"{where}: label {outside.min()} is outside the classes (0 to {num_classes}, {IGNORE} = ignore)"
        )
    return labels.astype(np.uint8)


def is_grey(path: Path) -> bool:
    """Whether a mask's file holds grey tones, neither a palette nor colours nor bits.

    Raises:
        UserError: it is missing or not a whole picture.
    """
    return decode_pixels(read_bytes(path), str(path)).mode in ("L", *DEEP)


def decode_pixels(data: bytes, where: str) -> Image.Image:
    """The picture in a mask file's content, in the mode that it is stored in.

    Raises:
        UserError: it is not a whole picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's doubts about large or odd files
            with Image.open(io.BytesIO(data)) as image:
                return image.copy()
    except MemoryError:
        raise
    except Exception:  # Pillow does not say what its decoders raise; broken files bring forth many kinds
        raise UserError(f"{where}: cannot be read as a mask: replace it") from None


def write_mask(path: str | Path, labels: np.ndarray) -> None:
    """Writes labels, uint8 [H,W], as a PNG with VOC's palette, all or nothing."""
    image = Image.fromarray(labels)
    image.putpalette(voc_palette().tobytes())
    with replacing(path) as temporary:
        image.save(temporary, format="PNG")


def voc_palette() -> np.ndarray:
    """PASCAL VOC's colours, uint8 [256,3]: a label's bits, three at a time, fill R, G and B from the top bit down."""
    labels = np.arange(256)[:, None]
    channels = np.arange(3)
    return sum((((labels >> (3 * bit + channels)) & 1) << (7 - bit)) for bit in range(8)).astype(np.uint8)
