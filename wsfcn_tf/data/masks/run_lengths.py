"""Reads run lengths as CVAT, Label Studio and Kaggle's tables write them; COCO's are in `coco_masks`.

`data/annotations/run_lengths.py` writes them.
"""

import numpy as np

_WORD = 8  # bits of a pixel's channel
_CHANNELS = 4  # red, green, blue, alpha


def from_counts(counts: list[int], height: int, width: int) -> np.ndarray:
    """CVAT's: how many pixels are out, in, out, ..., row by row. Returns bool [height,width].

    Raises:
        ValueError: they do not add up to as many pixels.
    """
    if min(counts, default=0) < 0 or sum(counts) != height * width:
        raise ValueError(f"its run lengths do not add up to {width}x{height} pixels")
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(height, width)


def from_starts(text: str, height: int, width: int) -> np.ndarray:
    """Kaggle's: pairs of a run's first pixel and its length, column by column, counted from 1.

    Returns:
        bool [height,width].

    Raises:
        ValueError: these are no such pairs, or runs overlap or go beyond the picture. Some competitions counted from
            the end of the run before: most of those overlap.
    """
    try:
        numbers = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        raise ValueError("its run lengths are no whole numbers") from None
    if numbers.size % 2:
        raise ValueError("its run lengths are no pairs of a start and a length")
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    size = height * width
    if numbers.size and (lengths.min() < 1 or starts.min() < 0 or lengths.max() > size or starts.max() >= size):
        raise ValueError(f"its run lengths do not fit into {width}x{height} pixels")
    ends = starts + lengths
    if numbers.size and (ends[-1] > size or (starts[1:] < ends[:-1]).any()):
        raise ValueError("its run lengths overlap, or go beyond the picture: starts have to go up, counted from 1")
    changes = np.zeros(size + 1, np.int8)
    np.add.at(changes, starts, 1)
    np.add.at(changes, ends, -1)
    return (np.cumsum(changes)[:size] > 0).reshape(width, height).T


def from_brush(data: bytes, height: int, width: int) -> np.ndarray:
    """Label Studio's brush, which is the packed RGBA picture of its canvas. Returns bool [height,width]: where it drew.

    The format is that of the library @thi.ng/rle-pack, which Label Studio draws with. Bits, the highest first: the
    number of values, 32; a value's bits less one, 5; four sizes less one, 4 each. Then blocks: 1 bit, whether a single
    value follows that is repeated; 2, which of the sizes the next number has; that number, the length less one; then
    the value or values.

    Raises:
        ValueError: it is cut short, or made for another number of pixels.
    """
    bits = _Bits(data)
    total = bits.number(32)
    if bits.number(5) + 1 != _WORD or total != height * width * _CHANNELS:
        raise ValueError(f"its brush is not that of a picture of {width}x{height} pixels")
    sizes = [bits.number(4) + 1 for _ in range(4)]
    values, position = np.zeros(total, np.uint8), 0
    while position < total:
        repeated = bits.number(1)
        length = bits.number(sizes[bits.number(2)]) + 1
        if length > total - position:
            raise ValueError("its brush has more values than it says")
        values[position : position + length] = bits.number(_WORD) if repeated else bits.words(length)
        position += length
    return values.reshape(height, width, _CHANNELS)[..., -1] > 0


class _Bits:
    """Reads numbers of any size from bytes. Raises ValueError behind their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def number(self, size: int) -> int:
        """The number in the next bits."""
        first, end = self._position, self._take(size)
        chunk = self._data[first // 8 : (end + 7) // 8]
        return (int.from_bytes(chunk, "big") >> (-end % 8)) & ((1 << size) - 1)

    def words(self, count: int) -> np.ndarray:
        """The next `count` numbers of 8 bits: uint8."""
        first, end = self._position, self._take(count * _WORD)
        bits = np.unpackbits(np.frombuffer(self._data[first // 8 : (end + 7) // 8], np.uint8))
        return np.packbits(bits[first % 8 :][: count * _WORD])

    def _take(self, size: int) -> int:
        end = self._position + size
        if end > 8 * len(self._data):
            raise ValueError("its brush is cut short")
        self._position = end
        return end
