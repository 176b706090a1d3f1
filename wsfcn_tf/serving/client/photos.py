"""Photos on their way to the server, as files or as PNGs of arrays, and which of them it refused."""

import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from wsfcn_tf.data.photos.image_files import JPEG, PNG, format_of
from wsfcn_tf.data.photos.images import decode_image, read_bytes
from wsfcn_tf.errors import UserError
from wsfcn_tf.serving.client.limits import Limits

Photo = bytes | str | Path | np.ndarray  # a file's content, its path, or uint8 RGB [H, W, 3]

# An exported network names a photo by its place in the batch and its bytes. A server that batches puts requests in one,
# so the place may be in another caller's; the number of bytes tells whose photo it is.
_NAMED = re.compile(r"image \d+ of the batch \((\d+) bytes\): ([^\]…]*)")
_ORIENTATION = 0x0112  # of EXIF; from 5 on the photo lies on its side


@dataclass(frozen=True)
class Encoded:
    """A photo as it is sent.

    Attributes:
        name: what messages call it.
        data: the JPEG's or PNG's bytes.
        size: (height, width) as it is stored.
        turned: whether it asks to be shown on its side.
    """

    name: str
    data: bytes
    size: tuple[int, int]
    turned: bool

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether a mask of this size is the photo's; a turned one's may have been made before or after turning."""
        return size == self.size or (self.turned and size == self.size[::-1])


def encoded(photo: Photo, name: str) -> Encoded:
    """Reads, or encodes, a photo; of a JPEG or PNG only the header is looked at, others are sent as PNGs.

    Args:
        photo: see `Photo`.
        name: of a photo that is not a path.

    Raises:
        UserError: no such file, not an image, or an array of another kind.
    """
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or 0 in photo.shape:
            raise UserError(f"{name}: a photo is uint8 [H, W, 3], not {photo.dtype} {list(photo.shape)}")
        return _as_png(photo, name)
    if isinstance(photo, bytes):
        data = photo
    else:
        name, data = str(photo), read_bytes(Path(photo))
    if format_of(data) not in (JPEG, PNG, None):  # which a model server does not decode
        return _as_png(decode_image(data, name), name)
    size, turned = _header(data, name)
    return Encoded(name, data, size, turned)


def _as_png(photo: np.ndarray, name: str) -> Encoded:
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "PNG", compress_level=1)
    return Encoded(name, buffer.getvalue(), photo.shape[:2], turned=False)


def _header(data: bytes, name: str) -> tuple[tuple[int, int], bool]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's doubts about large files
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "MPO")) as image:
                # Pillow would decode all of a PNG to look for an orientation behind its pixels
                told = image.format != "PNG" or "exif" in image.info
                return image.size[::-1], told and image.getexif().get(_ORIENTATION, 1) >= 5
    except MemoryError:
        raise
    except Exception:  # Pillow does not say what its readers raise
        raise UserError(f"{name}: cannot be read as a JPEG or PNG") from None


def batches(photos: Iterable[Encoded], limits: Limits) -> Iterator[list[Encoded]]:
    """The photos in their order, in requests that keep to the limits; a photo that is too long for them goes alone."""
    batch: list[Encoded] = []
    size = 0
    for photo in photos:
        if batch and (len(batch) >= limits.batch_photos or size + len(photo.data) > limits.batch_bytes):
            yield batch
            batch, size = [], 0
        batch.append(photo)
        size += len(photo.data)
    if batch:
        yield batch


class Refusal(NamedTuple):
    """The request's photos that it can be about, mostly one, and none if it is another caller's; what is wrong."""

    photos: list[Encoded]
    reason: str


def refusal_of(message: str, photos: Sequence[Encoded]) -> Refusal | None:
    """What a server's message says about a photo; None if it is about no photo.

    Args:
        message: the server's.
        photos: of the request.
    """
    found = _NAMED.search(message)
    return found and Refusal([photo for photo in photos if len(photo.data) == int(found[1])], found[2].strip())
