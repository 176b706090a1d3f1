"""A sliding window inside a graph, as `wsfcn_tf.inference.views.Tiling` has it."""

from collections.abc import Callable

import tensorflow as tf


def through_window(
    masks_of: Callable[[tf.Tensor], tf.Tensor], views: tf.Tensor, side: int, overlap: int, channels: int
) -> tf.Tensor:
    """What a network says of each place of the window, joined.

    Args:
        masks_of: float32 [B, h, w, K] of uint8 [B, h, w, 3], the part of the views that is in the window.
        views: uint8 [B, H, W, 3].
        side: the largest side of the window.
        overlap: how many pixels neighbouring places share at least, at most half of `side`.
        channels: K.

    Returns:
        float32 [B, H, W, K].
    """
    batch, size = tf.shape(views)[0], tf.shape(views)[1:3]
    (rows, of_rows), (columns, of_columns) = (_places(size[axis], side, overlap) for axis in (0, 1))
    height, width = tf.shape(of_rows)[1], tf.shape(of_columns)[1]

    # in strips: a place alone would be padded to, and added to, all of the view each time
    def strip(row: tf.Tensor) -> tf.Tensor:
        band = views[:, rows[row] : rows[row] + height]

        def place(column: tf.Tensor) -> tf.Tensor:
            left = columns[column]
            found = masks_of(band[:, :, left : left + width]) * of_columns[column][:, None]
            return tf.pad(found, [[0, 0], [0, 0], [left, size[1] - left - width], [0, 0]])

        return _sum(place, tf.size(columns), [batch, height, size[1], channels])

    def in_view(row: tf.Tensor) -> tf.Tensor:
        below = size[0] - rows[row] - height
        return tf.pad(strip(row) * of_rows[row][:, None, None], [[0, 0], [rows[row], below], [0, 0], [0, 0]])

    return _sum(in_view, tf.size(rows), [batch, *tf.unstack(size), channels])


def _sum(part: Callable[[tf.Tensor], tf.Tensor], count: tf.Tensor, shape: list) -> tf.Tensor:
    """The sum of part(0) to part(count - 1), one after the other: each is as large as what training saw."""
    _, total = tf.while_loop(
        lambda index, _: index < count,
        lambda index, total: (index + 1, total + part(index)),
        (0, tf.zeros(shape)),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None, None, shape[-1]])),
        parallel_iterations=1,
    )
    return total


def _places(length: tf.Tensor, side: int, overlap: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Along one axis: where places begin, int32 [N], and what each counts, float32 [N, window]; they sum to 1."""
    window = tf.minimum(length, side)
    left = tf.cast(length - window, tf.float64)
    steps = tf.cast(tf.math.ceil(left / (side - overlap)), tf.int32)
    index = tf.cast(tf.range(steps + 1), tf.float64)
    starts = tf.cast(tf.round(index * left / tf.cast(tf.maximum(steps, 1), tf.float64)), tf.int32)
    ramp = tf.clip_by_value(2 * (tf.cast(tf.range(window), tf.float32) + 0.5) / max(overlap, 1) - 0.5, 0.0, 1.0)
    weights = tf.where(starts[:, None] > 0, ramp, 1.0) * tf.where(starts[:, None] < starts[-1], ramp[::-1], 1.0)
    pixels = starts[:, None] + tf.range(window)
    return starts, weights / tf.gather(tf.math.unsorted_segment_sum(weights, pixels, length), pixels)
