"""Reading photos of every usual kind as 8-bit RGB, with OpenCV."""

import re
from pathlib import Path

import cv2
import numpy as np

from wsfcn_tf.errors import UserError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")

_JPEG, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # not an escaped 255, padding, or a restart within a scan
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"


def read_image(path: str | Path) -> np.ndarray:
    """Reads a photo as uint8 [H,W,3], RGB.

    EXIF rotation is applied, greyscale and CMYK become RGB, 16-bit values are divided by 256, and an alpha channel is
    dropped (as by Pillow's `convert("RGB")`, which most training code uses).

    Raises:
        UserError: the file is missing, empty, cut short or not an image.
    """
    return decode_image(read_bytes(Path(path)), str(path))


def decode_image(data: bytes, where: str) -> np.ndarray:
    """An image file's content as `read_image` gives it; `where` is the first word of an error's message.

    Raises:
        UserError: it is cut short or not an image.
    """
    if _is_cut_short(data):  # OpenCV would fill the missing rows with grey and say nothing
        raise UserError(f"{where}: the image file is cut short: copy it again or remove it from the data")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # e.g. more pixels than OpenCV reads
        image = None
    if image is None:
        raise UserError(f"{where}: cannot be read as an image: replace it or remove it from the data")
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


def _is_cut_short(data: bytes) -> bool:
    if data.startswith(_JPEG):
        return not _jpeg_has_end(data)
    return data.startswith(_PNG) and not _png_has_end(data)


def _jpeg_has_end(data: bytes) -> bool:
    """Walks from marker to marker: thumbnails before the photo and videos behind it have end markers of their own."""
    position = len(_JPEG)
    while marker := _JPEG_MARKER.search(data, position):
        if marker[0] == _JPEG_END:
            return True
        position = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return False


def _png_has_end(data: bytes) -> bool:
    """Walks from chunk to chunk: OpenCV would take gigabytes for one that says it is longer than the file."""
    position = len(_PNG)
    while position + 12 <= len(data):  # length, type and checksum
        if data[position + 4 : position + 8] == _PNG_END:
            return True
        position += 12 + int.from_bytes(data[position : position + 4], "big")
    return False
