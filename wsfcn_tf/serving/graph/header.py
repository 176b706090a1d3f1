"""What a photo's header says, read inside a graph before anything is decoded: a few bytes may claim to be gigapixels.

JPEG and PNG are lists of segments, each with its length. A loop walks along them, for a bounded number of steps, to the
one with the size; on the way it notes where EXIF data are.
"""

from typing import NamedTuple

import tensorflow as tf

JPEG, PNG = "JPEG", "PNG"
_STEPS = 1024  # segments before the photo's data; 64 kB each in a JPEG
_APP1 = 0xFFE1
_EXIF_MARK = 6  # "Exif\0\0" in front of the TIFF structure
_SCAN, _END = 0xFFDA, 0xFFD9
_EXIF_CHUNK = int.from_bytes(b"eXIf", "big")
_IDAT, _IEND = int.from_bytes(b"IDAT", "big"), int.from_bytes(b"IEND", "big")
# EXIF's TIFF structure
_ORIENTATION = 0x0112
_ENTRIES = 256  # looked at; a camera writes a few dozen
_ENTRY_SIZE = 12
_LITTLE, _BIG = 0x49492A00, 0x4D4D002A  # "II*\0", "MM\0*"
# what else may come, by its first bytes; "?" is any byte
_OTHERS = {
    "GIF": b"GIF8",
    "BMP": b"BM",
    "WebP": b"RIFF????WEBP",
    "TIFF": b"II*\x00",
    "TIFF ": b"MM\x00*",
    "HEIF or AVIF": b"????ftyp",
    "PDF": b"%PDF",
}


class Header(NamedTuple):
    """Scalars: the format's name, height and width as stored (int64, 0 if unknown), orientation, and completeness."""

    kind: tf.Tensor
    height: tf.Tensor
    width: tf.Tensor
    orientation: tf.Tensor
    complete: tf.Tensor


def read_header(text: tf.Tensor) -> Header:
    """Reads it; never fails, whatever the bytes are.

    Args:
        text: string scalar, the file's bytes.

    Returns:
        `kind` is "JPEG", "PNG", another format's name, or "" for bytes that are none. `complete` is whether the mark of
        the file's end is there.
    """
    # uint8 [N + 1]: the 0 behind the bytes is what every read beyond their end gives
    data = tf.pad(tf.io.decode_raw(text, tf.uint8), [[0, 1]])
    kind = _kind(data)
    zero, one = tf.zeros([], tf.int64), tf.ones([], tf.int64)
    return tf.cond(
        kind == JPEG,
        lambda: _jpeg(data, kind),
        lambda: tf.cond(
            kind == PNG,
            lambda: _png(data, kind),
            lambda: Header(kind, zero, zero, one, tf.constant(True)),
        ),
    )


def _kind(data: tf.Tensor) -> tf.Tensor:
    kind = tf.constant("")
    for name, mark in {**_OTHERS, JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}.items():
        positions = [i for i, byte in enumerate(mark) if byte != ord("?")]
        found = _number_at(data, tf.constant(positions, tf.int64), 1)
        wanted = tf.constant([mark[i] for i in positions], tf.int64)
        kind = tf.where(tf.reduce_all(found == wanted), name.strip(), kind)
    return kind


def _jpeg(data: tf.Tensor, kind: tf.Tensor) -> Header:
    """Walks to the frame header, SOF0 to SOF15 without the three markers among them that are none."""
    size = tf.size(data, tf.int64)

    def is_frame(marker: tf.Tensor) -> tf.Tensor:
        others = tf.reduce_any(marker == tf.constant([0xFFC4, 0xFFC8, 0xFFCC], tf.int64))
        return (marker >= 0xFFC0) & (marker <= 0xFFCF) & ~others

    def is_inside(position: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        marker = _number_at(data, position, 2)
        stop = is_frame(marker) | (marker == _SCAN) | (marker == _END) | (marker < 0xFF00)
        return ~stop & (position < size)

    def step(position: tf.Tensor, exif: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        marker = _number_at(data, position, 2)
        # the first APP1 is the one that counts, as for OpenCV
        exif = tf.where((marker == _APP1) & (exif == 0), position + 4 + _EXIF_MARK, exif)
        length = _number_at(data, position + 2, 2)
        # 0xFF may be repeated in front of a marker
        return tf.where(marker == 0xFFFF, position + 1, position + 2 + length), exif

    start = (tf.constant(2, tf.int64), tf.constant(0, tf.int64))
    position, exif = tf.while_loop(is_inside, step, start, parallel_iterations=1, maximum_iterations=_STEPS)
    known = is_frame(_number_at(data, position, 2))
    height, width = (tf.where(known, _number_at(data, position + at, 2), 0) for at in (5, 7))
    complete = _contains(data, b"\xff\xd9", position)
    return Header(kind, height, width, _orientation_at(data, exif), complete)


def _png(data: tf.Tensor, kind: tf.Tensor) -> Header:
    """The size comes first; then the walk is for EXIF data before the pixels."""
    size = tf.size(data, tf.int64)

    def is_inside(position: tf.Tensor, exif: tf.Tensor) -> tf.Tensor:
        name = _number_at(data, position + 4, 4)
        return (name != _IDAT) & (name != _IEND) & (exif == 0) & (position < size)

    def step(position: tf.Tensor, exif: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        name = _number_at(data, position + 4, 4)
        exif = tf.where(name == _EXIF_CHUNK, position + 8, exif)
        return position + 12 + _number_at(data, position, 4), exif

    start = (tf.constant(8, tf.int64), tf.constant(0, tf.int64))
    position, exif = tf.while_loop(is_inside, step, start, parallel_iterations=1, maximum_iterations=_STEPS)
    width, height = (_number_at(data, tf.constant(at, tf.int64), 4) for at in (16, 20))
    return Header(kind, height, width, _orientation_at(data, exif), _contains(data, b"IEND", position))


def _orientation_at(data: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """The orientation that a TIFF structure names in its first directory.

    Args:
        data: a file's bytes and a 0 behind them.
        start: int64: where "II*\\0" or "MM\\0*" is; 0 for none.

    Returns:
        int64, 1 to 8; 1, upright, where there is no such entry or its value is none of these.
    """
    mark = _number_at(data, start, 4)
    little = mark == _LITTLE
    directory = start + _number_at(data, start + 4, 4, little)
    count = tf.minimum(_number_at(data, directory, 2, little), _ENTRIES)
    entries = directory + 2 + _ENTRY_SIZE * tf.range(count)
    values = tf.boolean_mask(
        _number_at(data, entries + 8, 2, little), _number_at(data, entries, 2, little) == _ORIENTATION
    )
    first = tf.concat([values, tf.ones([1], tf.int64)], axis=0)[0]
    known = (start > 0) & (little | (mark == _BIG)) & (first >= 1) & (first <= 8)
    return tf.where(known, first, tf.ones_like(first))


def _number_at(data: tf.Tensor, position: tf.Tensor, count: int, little_endian: tf.Tensor | bool = False) -> tf.Tensor:
    """The whole number in a few bytes.

    Args:
        data: a file's bytes and a 0 behind them; no position is out of range.
        position: int64 of any shape and any value from 0 on: of the first byte.
        count: of bytes, 1 to 4.
        little_endian: bool scalar; otherwise the first byte counts most.

    Returns:
        int64 like `position`, not negative.
    """
    last = tf.size(data, tf.int64) - 1
    values = [tf.cast(tf.gather(data, tf.minimum(position + i, last)), tf.int64) for i in range(count)]
    big = tf.add_n([value * (1 << 8 * (count - 1 - i)) for i, value in enumerate(values)])
    little = tf.add_n([value * (1 << 8 * i) for i, value in enumerate(values)])
    return tf.where(little_endian, little, big)


def _contains(data: tf.Tensor, word: bytes, start: tf.Tensor) -> tf.Tensor:
    """Whether the bytes of `word` follow one another anywhere in `data` from int64 `start` on: bool scalar."""
    rest = data[tf.minimum(start, tf.size(data, tf.int64)) :]
    # padded so that every shifted copy is as long as the data
    ahead = tf.pad(rest, [[0, len(word)]])
    size = tf.size(rest)
    return tf.reduce_any(tf.reduce_all(tf.stack([ahead[i : i + size] == byte for i, byte in enumerate(word)]), axis=0))
