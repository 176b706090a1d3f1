"""What can be given as photos, and how it is read."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from wsfcn_tf.data.datasets.tagged import without_masks
from wsfcn_tf.data.photos.file_finder import walk_files
from wsfcn_tf.data.photos.images import decode_image, read_image
from wsfcn_tf.data.photos.pillow_decoder import pixels_of
from wsfcn_tf.errors import UserError

# a file, a folder, a file's content, uint8 RGB [H, W, 3] or [B, H, W, 3], a picture of Pillow's, or some of these
Photos = str | Path | bytes | np.ndarray | Image.Image | Iterable[Any]


class Given(NamedTuple):
    """A photo that is to be segmented.

    Attributes:
        name: its path, or "photo 3" for the third of those that have none.
        image: uint8 RGB [H, W, 3], upright.
        sent: what a model server gets: the file or its content as they are, else `image`.
    """

    name: str
    image: np.ndarray
    sent: Path | bytes | np.ndarray


def is_one(photos: Photos) -> bool:
    """Whether this is a single photo rather than several; a folder is several."""
    if isinstance(photos, (str, Path)):
        return not Path(photos).is_dir()
    return isinstance(photos, (bytes, Image.Image)) or (isinstance(photos, np.ndarray) and photos.ndim != 4)


def read_photos(photos: Photos) -> Iterator[Given]:
    """The photos, each read when it is its turn.

    Args:
        photos: see `Photos`; a folder is searched with its sub-folders, in the order of the names, but for the masks
            of its photos (`without_masks`).

    Raises:
        UserError: a photo, the first of a folder's or a list's, is missing, cannot be read or is an array of another
            kind; or a folder holds none.
    """
    for number, photo in enumerate([photos] if is_one(photos) else _several(photos), start=1):
        yield _read(photo, f"photo {number}")


def _several(photos: Photos) -> Iterable[Any]:
    if not isinstance(photos, (str, Path)):
        return photos
    folder = Path(photos)
    found = [folder / name for name in without_masks(list(walk_files(folder)))]
    if not found:
        raise UserError(f"{folder}: holds no photo")
    return found


def _read(photo: Any, name: str) -> Given:
    if isinstance(photo, (str, Path)):
        return Given(str(photo), read_image(photo), Path(photo))
    if isinstance(photo, bytes):
        return Given(name, decode_image(photo, name), photo)
    if isinstance(photo, Image.Image):
        photo = pixels_of(photo)
    if not isinstance(photo, np.ndarray):
        raise UserError(f"{name}: a photo is a path, a file's bytes or uint8 RGB [H, W, 3], not {type(photo).__name__}")
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or 0 in photo.shape:
        raise UserError(
            f"{name}: a photo as an array is uint8 RGB [H, W, 3], not {photo.dtype} {list(photo.shape)}: neither "
            "normalise nor scale it"
        )
    return Given(name, photo, photo)
