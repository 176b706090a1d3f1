"""Reading numbers out of a file's bytes inside a graph; no position is out of range."""

import tensorflow as tf


def bytes_of(text: tf.Tensor) -> tf.Tensor:
    """A scalar string's bytes, uint8 [N + 1]: a 0 behind them is what every read beyond their end gives."""
    return tf.pad(tf.io.decode_raw(text, tf.uint8), [[0, 1]])


def number_at(data: tf.Tensor, position: tf.Tensor, count: int, little_endian: tf.Tensor | bool = False) -> tf.Tensor:
    """The whole number in a few bytes.

    Args:
        data: from `bytes_of`.
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


def contains(data: tf.Tensor, word: bytes, start: tf.Tensor) -> tf.Tensor:
    """Whether the bytes of `word` follow one another anywhere in `data` from int64 `start` on: bool scalar."""
    rest = data[tf.minimum(start, tf.size(data, tf.int64)) :]
    # padded so that every shifted copy is as long as the data
    ahead = tf.pad(rest, [[0, len(word)]])
    size = tf.size(rest)
    return tf.reduce_any(tf.reduce_all(tf.stack([ahead[i : i + size] == byte for i, byte in enumerate(word)]), axis=0))
