"""EXIF's orientation inside a graph: TensorFlow has no operation for it."""

import tensorflow as tf

from wsfcn_tf.serving.graph.raw_bytes import number_at

_ORIENTATION = 0x0112
_ENTRIES = 256  # looked at; a camera writes a few dozen
_ENTRY_SIZE = 12
_LITTLE, _BIG = 0x49492A00, 0x4D4D002A  # "II*\0", "MM\0*"


def orientation_at(data: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """The orientation that a TIFF structure names in its first directory.

    Args:
        data: a file's bytes, from `bytes_of`.
        start: int64: where "II*\\0" or "MM\\0*" is; 0 for none.

    Returns:
        int64, 1 to 8; 1, upright, where there is no such entry or its value is none of these.
    """
    mark = number_at(data, start, 4)
    little = mark == _LITTLE
    directory = start + number_at(data, start + 4, 4, little)
    count = tf.minimum(number_at(data, directory, 2, little), _ENTRIES)
    entries = directory + 2 + _ENTRY_SIZE * tf.range(count)
    values = tf.boolean_mask(
        number_at(data, entries + 8, 2, little), number_at(data, entries, 2, little) == _ORIENTATION
    )
    first = tf.concat([values, tf.ones([1], tf.int64)], axis=0)[0]
    known = (start > 0) & (little | (mark == _BIG)) & (first >= 1) & (first <= 8)
    return tf.where(known, first, tf.ones_like(first))


def upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns and mirrors a photo as its orientation says.

    Args:
        image: [H, W, 3].
        orientation: int64, 1 to 8. 5 to 8 swap the sides.

    Returns:
        The photo as it is meant to be seen.
    """
    turned = tf.cond(orientation >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    # 2: mirrored, 3: by 180 degrees, 4: upside down; the transposed ones: 5, 6 (to the right), 7, 8 (to the left)
    upside_down = tf.reduce_any(orientation == tf.constant([3, 4, 7, 8], tf.int64))
    mirrored = tf.reduce_any(orientation == tf.constant([2, 3, 6, 7], tf.int64))
    turned = tf.cond(upside_down, lambda: tf.reverse(turned, [0]), lambda: turned)
    return tf.cond(mirrored, lambda: tf.reverse(turned, [1]), lambda: turned)
