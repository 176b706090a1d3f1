"""What the page shows below a finding: its first places, with thumbnails of the photos that each is about."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from wsfcn_tf.data.doctor import Finding
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.visualisation.pages.pictures import encode

_SHOWN = 24  # places
_SHOWN_PHOTOS = 6  # of a place: there may be a hundred copies of one photo
_SIDE = 144  # pixels of a thumbnail's longer side


@dataclass(frozen=True)
class Thumbnail:
    """A photo's name and small picture, WebP, with its width and height; None if it cannot be read."""

    name: str
    picture: bytes | None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Place:
    """One of a finding's places: its words, and its photos' thumbnails."""

    words: str
    photos: tuple[Thumbnail, ...]


class Thumbnails:
    """Makes each photo's once.

    Args:
        path_of: from a photo's name to its file.
    """

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        self._path_of = path_of
        self._made: dict[str, Thumbnail] = {}

    def of(self, name: str) -> Thumbnail:
        """A photo's."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Thumbnail:
        try:
            image = read_image(self._path_of(name))
        except Exception:  # broken photos are among what is to be shown
            return Thumbnail(name, None)
        small = _shrunk(image)
        return Thumbnail(name, encode(small), (small.shape[1], small.shape[0]))


def places(finding: Finding, thumbnails: Thumbnails) -> list[Place]:
    """A finding's first places."""
    photos = finding.photos or ((),) * len(finding.where)
    shown = zip(finding.where[:_SHOWN], photos[:_SHOWN], strict=True)
    return [Place(words, tuple(thumbnails.of(name) for name in names[:_SHOWN_PHOTOS])) for words, names in shown]


def _shrunk(image: np.ndarray) -> np.ndarray:
    factor = _SIDE / max(image.shape[:2])
    if factor >= 1:
        return image
    size = tuple(max(1, round(side * factor)) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
