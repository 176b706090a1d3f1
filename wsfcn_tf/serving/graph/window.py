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
    size = tf.shape(views)[1:3]
    window = tf.minimum(size, side)
    rows, columns = (_starts(size[axis], window[axis], overlap) for axis in (0, 1))
    count = tf.size(columns)

    def add(place: tf.Tensor, total: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        top, left = rows[place // count], columns[place % count]
        found = masks_of(views[:, top : top + window[0], left : left + window[1]])
        weight = _weight(top, rows[-1], window[0], overlap)[:, None] * _weight(left, columns[-1], window[1], overlap)
        around = [[top, size[0] - top - window[0]], [left, size[1] - left - window[1]]]
        total += tf.pad(found * weight[:, :, None], [[0, 0], *around, [0, 0]])
        return place + 1, total, weights + tf.pad(weight, around)

    nothing = tf.zeros([tf.shape(views)[0], size[0], size[1], channels]), tf.zeros(size)
    _, total, weights = tf.while_loop(
        lambda place, *_: place < tf.size(rows) * count,
        add,
        (0, *nothing),
        shape_invariants=(
            tf.TensorShape([]),
            tf.TensorShape([None, None, None, channels]),
            tf.TensorShape([None, None]),
        ),
        parallel_iterations=1,  # a place of the window at a time: each is as large as what training saw
    )
    return total / weights[:, :, None]


def _starts(length: tf.Tensor, window: tf.Tensor, overlap: int) -> tf.Tensor:
    """int32 [N]: `wsfcn_tf.inference.views.starts`."""
    left = tf.cast(length - window, tf.float64)
    steps = tf.cast(tf.math.ceil(left / tf.cast(tf.maximum(window - overlap, 1), tf.float64)), tf.int32)
    places = tf.range(steps + 1)
    return tf.cast(tf.round(tf.cast(places, tf.float64) * left / tf.cast(tf.maximum(steps, 1), tf.float64)), tf.int32)


def _weight(start: tf.Tensor, last: tf.Tensor, window: tf.Tensor, overlap: int) -> tf.Tensor:
    """float32 [window]: what a place of the window counts along one axis, before all that cover a pixel sum to 1."""
    ramp = tf.clip_by_value(2 * (tf.cast(tf.range(window), tf.float32) + 0.5) / max(overlap, 1) - 0.5, 0.0, 1.0)
    one = tf.ones_like(ramp)
    return tf.where(start > 0, ramp, one) * tf.where(start < last, ramp[::-1], one)
