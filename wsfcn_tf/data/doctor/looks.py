"""What a photo looks like in 64 bits, and which look alike: copies saved again or resized, and a scene taken twice."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import cv2
import numpy as np

ALIKE = 6  # bits that may differ: see test_looks.py and benchmarks/doctor.md
_SIDE = 32  # pixels that a photo is shrunk to
_FREQUENCIES = 8  # of each side, the lowest
_FLAT = 2.0  # standard deviation of grey: what has less is of one colour, and its frequencies are noise
_BITS = 64
_BLOCK = 256  # rows of a table of distances at a time
_ONES = np.array([number.bit_count() for number in range(1 << 16)], np.uint8)


def look_of(image: np.ndarray) -> int | None:
    """A photo's perceptual hash: which of its 64 lowest frequencies (DCT) are above their median.

    Args:
        image: uint8 [H,W,3], RGB.

    Returns:
        64 bits; None for a photo of one colour, which looks like any other.
    """
    small = cv2.resize(image, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if grey.std() < _FLAT:
        return None
    waves = cv2.dct(grey)
    lowest = waves[:_FREQUENCIES, :_FREQUENCIES].ravel()
    lowest[0] = waves[_FREQUENCIES, 0]  # the first is the mean
    return int.from_bytes(np.packbits(lowest > np.median(lowest)).tobytes(), "big")


def alike(looks: Mapping[str, int | None], most: int = ALIKE) -> list[list[str]]:
    """Groups of two or more photos, each of which differs from another one of its group in at most `most` bits.

    Two hashes that differ in so few are equal in one of `most + 1` bands: only those are compared.
    """
    names = [name for name, look in looks.items() if look is not None]
    if not names:
        return []
    hashes, place = np.unique(np.array([looks[name] for name in names], np.uint64), return_inverse=True)
    groups = _Groups(len(hashes))
    for one, other in _near(hashes, most):
        groups.join(one, other)
    found: dict[int, list[str]] = {}
    for name, hashed in zip(names, place.ravel().tolist(), strict=True):
        found.setdefault(groups.of(hashed), []).append(name)
    return [group for group in found.values() if len(group) > 1]


def _near(hashes: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Pairs of positions in uint64 [N]; one may come several times."""
    ends = np.linspace(0, _BITS, most + 2).astype(int).tolist()
    for first, end in pairwise(ends):
        band = (hashes >> np.uint64(first)) & np.uint64((1 << (end - first)) - 1)
        order = np.argsort(band, kind="stable")
        for bucket in np.split(order, np.flatnonzero(np.diff(band[order])) + 1):
            for start in range(0, len(bucket) - 1, _BLOCK):
                rows, columns = bucket[start : start + _BLOCK], bucket[start:]
                differ = np.ascontiguousarray(hashes[rows, None] ^ hashes[None, columns])
                ones = _ONES[differ.view(np.uint16)].reshape(*differ.shape, 4).sum(axis=-1)
                found = np.argwhere(np.triu(ones <= most, 1))
                yield from zip(rows[found[:, 0]].tolist(), columns[found[:, 1]].tolist(), strict=True)


class _Groups:
    """Numbers joined pair by pair."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def of(self, number: int) -> int:
        """The number that stands for a number's group."""
        while self._above[number] != number:
            self._above[number] = self._above[self._above[number]]
            number = self._above[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Makes one group of two."""
        self._above[self.of(one)] = self.of(other)
