"""Label maps as palette PNGs inside a graph: TensorFlow's own PNGs are grey.

A PNG of 8-bit grey differs from one with a palette in one byte of its header, the colour type, in the header's
checksum, and in the palette's chunk. CRC-32 is affine over bits: two messages of one length that differ by d have
checksums that differ by crc(d) ^ crc(0), whatever the messages are. So the new checksum is the old one and a constant.
"""

import zlib

import numpy as np
import tensorflow as tf

_HEADER_END = 33  # 8 bytes of signature; length, "IHDR", 13 bytes and checksum
_COLOUR_TYPE = 25
_CHECKSUM = 29
_PALETTE = b"\x03"
_MESSAGE = 17  # what the checksum is of: "IHDR" and its 13 bytes
_PLACE = 13  # of the colour type in it
_BYTES = tuple(bytes([i]) for i in range(256))


def encode_palette_png(labels: tf.Tensor, palette: np.ndarray) -> tf.Tensor:
    """Encodes a label map as `wsfcn_tf.data.masks.write_mask` writes it: same pixels, same palette.

    Args:
        labels: uint8 [H, W], neither side 0.
        palette: uint8 [256, 3], RGB.

    Returns:
        string scalar: the file's bytes.
    """
    grey = tf.io.encode_png(labels[..., None])
    checksum = tf.io.decode_raw(tf.strings.substr(grey, _CHECKSUM, 4), tf.uint8)
    checksum = tf.bitwise.bitwise_xor(checksum, tf.constant(_checksum_change()))
    return tf.strings.join(
        [
            tf.strings.substr(grey, 0, _COLOUR_TYPE),
            _PALETTE,
            tf.strings.substr(grey, _COLOUR_TYPE + 1, _CHECKSUM - _COLOUR_TYPE - 1),
            tf.strings.reduce_join(tf.gather(tf.constant(_BYTES), tf.cast(checksum, tf.int32))),
            _chunk(b"PLTE", palette.astype(np.uint8).tobytes()),
            tf.strings.substr(grey, _HEADER_END, tf.strings.length(grey) - _HEADER_END),
        ]
    )


def _checksum_change() -> np.ndarray:
    change = bytes(_PLACE) + _PALETTE + bytes(_MESSAGE - _PLACE - 1)  # grey is 0, so the change is the new value
    value = zlib.crc32(change) ^ zlib.crc32(bytes(_MESSAGE))
    return np.frombuffer(value.to_bytes(4, "big"), np.uint8)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return len(content).to_bytes(4, "big") + name + content + checksum.to_bytes(4, "big")
