"""What a photo's header says, read inside a graph before anything is decoded: a few bytes may claim to be gigapixels.

JPEG and PNG are lists of segments, each with its length. A loop walks along them, for a bounded number of steps, to the
one with the size; on the way it notes where EXIF data are.
"""

from typing import NamedTuple

import tensorflow as tf

from wsfcn_tf.serving.graph.exif import orientation_at
from wsfcn_tf.serving.graph.raw_bytes import contains, number_at

JPEG, PNG = "JPEG", "PNG"
_STEPS = 1024  # segments before the photo's data; 64 kB each in a JPEG
_APP1 = 0xFFE1
_EXIF_MARK = 6  # "Exif\0\0" in front of the TIFF structure
_SCAN, _END = 0xFFDA, 0xFFD9
_EXIF_CHUNK = int.from_bytes(b"eXIf", "big")
_IDAT, _IEND = int.from_bytes(b"IDAT", "big"), int.from_bytes(b"IEND", "big")
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


def read_header(data: tf.Tensor) -> Header:
    """Reads it; never fails, whatever the bytes are.

    Args:
        data: a file's bytes, from `bytes_of`.

    Returns:
        `kind` is "JPEG", "PNG", another format's name, or "" for bytes that are none. `complete` is whether the mark of
        the file's end is there.
    """
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
        found = number_at(data, tf.constant(positions, tf.int64), 1)
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
        marker = number_at(data, position, 2)
        stop = is_frame(marker) | (marker == _SCAN) | (marker == _END) | (marker < 0xFF00)
        return ~stop & (position < size)

    def step(position: tf.Tensor, exif: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        marker = number_at(data, position, 2)
        # the first APP1 is the one that counts, as for OpenCV
        exif = tf.where((marker == _APP1) & (exif == 0), position + 4 + _EXIF_MARK, exif)
        length = number_at(data, position + 2, 2)
        # 0xFF may be repeated in front of a marker
        return tf.where(marker == 0xFFFF, position + 1, position + 2 + length), exif

    start = (tf.constant(2, tf.int64), tf.constant(0, tf.int64))
    position, exif = tf.while_loop(is_inside, step, start, parallel_iterations=1, maximum_iterations=_STEPS)
    known = is_frame(number_at(data, position, 2))
    height, width = (tf.where(known, number_at(data, position + at, 2), 0) for at in (5, 7))
    complete = contains(data, b"\xff\xd9", position)
    return Header(kind, height, width, orientation_at(data, exif), complete)


def _png(data: tf.Tensor, kind: tf.Tensor) -> Header:
    """The size comes first; then the walk is for EXIF data before the pixels."""
    size = tf.size(data, tf.int64)

    def is_inside(position: tf.Tensor, exif: tf.Tensor) -> tf.Tensor:
        name = number_at(data, position + 4, 4)
        return (name != _IDAT) & (name != _IEND) & (exif == 0) & (position < size)

    def step(position: tf.Tensor, exif: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        name = number_at(data, position + 4, 4)
        exif = tf.where(name == _EXIF_CHUNK, position + 8, exif)
        return position + 12 + number_at(data, position, 4), exif

    start = (tf.constant(8, tf.int64), tf.constant(0, tf.int64))
    position, exif = tf.while_loop(is_inside, step, start, parallel_iterations=1, maximum_iterations=_STEPS)
    width, height = (number_at(data, tf.constant(at, tf.int64), 4) for at in (16, 20))
    return Header(kind, height, width, orientation_at(data, exif), contains(data, b"IEND", position))
