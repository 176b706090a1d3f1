"""Reading photos of every usual kind as 8-bit RGB, told by content: JPEG and PNG with OpenCV, others with Pillow."""

from pathlib import Path

import cv2
import numpy as np

from wsfcn_tf.data.photos.colour_profiles import to_srgb
from wsfcn_tf.data.photos.image_files import JPEG, PNG, format_of, is_whole
from wsfcn_tf.data.photos.jpeg_markers import jpeg_facts
from wsfcn_tf.data.photos.pillow_decoder import CUT_SHORT, UNREADABLE, decode_with_pillow
from wsfcn_tf.data.photos.png_chunks import png_has_end, png_is_transparent, png_profile
from wsfcn_tf.errors import UserError

USUAL_SUFFIXES = (".jpg", ".jpeg", ".png")
# of the files that are taken for photos, in any case; what is in them is told by their content
IMAGE_SUFFIXES = (
    *USUAL_SUFFIXES,
    *(".jfif", ".mpo", ".webp", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff", ".gif"),
)


def read_image(path: str | Path) -> np.ndarray:
    """Reads a photo as uint8 [H,W,3], RGB.

    JPEG, MPO, PNG, WebP, AVIF, HEIC, BMP, TIFF and GIF; of several frames or pages the first. EXIF rotation is applied,
    colours of an ICC profile become sRGB, greyscale and CMYK become RGB, 16-bit values are divided by 256, and what is
    transparent lies on white.

    Raises:
        UserError: the file is missing, empty, cut short or not an image; or a HEIC and pillow-heif is not installed.
    """
    return decode_image(read_bytes(Path(path)), str(path))


def decode_image(data: bytes, where: str) -> np.ndarray:
    """An image file's content as `read_image` gives it; `where` is the first word of an error's message.

    Raises:
        UserError: it is cut short or not an image, or needs a package that is not installed.
    """
    kind = format_of(data)
    whole, profile = _facts(data, kind)
    if not whole:  # OpenCV would fill the missing rows with grey and say nothing
        raise UserError(f"{where}: {CUT_SHORT}")
    way = to_srgb(profile) if profile else None
    # OpenCV would drop what is transparent, and make RGB of CMYK before its profile is looked at
    if kind not in (JPEG, PNG, None) or (way and way.mode == "CMYK") or (kind == PNG and png_is_transparent(data)):
        return decode_with_pillow(data, kind, where)
    image = _decode_with_opencv(data, where)
    return way.of_pixels(image) if way else image


def _facts(data: bytes, kind: str | None) -> tuple[bool, bytes | None]:
    """Whether a file is whole, and the colour profile of what OpenCV may decode, which leaves it out."""
    if kind == JPEG:
        return jpeg_facts(data)
    if kind == PNG:
        return png_has_end(data), png_profile(data)
    return is_whole(data, kind), None


def _decode_with_opencv(data: bytes, where: str) -> np.ndarray:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # e.g. more pixels than OpenCV reads
        image = None
    if image is None:
        raise UserError(f"{where}: {UNREADABLE}")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_bytes(path: Path) -> bytes:
    """An image file's content. Raises UserError if it is missing, unreadable or empty."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file: add it or remove it from the data") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be opened: {error.strerror}") from None
    if not data:
        raise UserError(f"{path}: the image file is empty: copy it again or remove it from the data")
    return data
