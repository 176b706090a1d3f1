"""Average pooling into a given number of parts."""

import tensorflow as tf


def adaptive_average_pool(features: tf.Tensor, bins: int) -> tf.Tensor:
    """Means over bins x bins parts that cover the map (torch: `adaptive_avg_pool2d`).

    Part i of n covers the rows from floor(i H / n) to ceil((i + 1) H / n): neighbours overlap where n does not divide
    H, and a map smaller than n repeats itself.

    Args:
        features: float [B, H, W, C].
        bins: n.

    Returns:
        [B, bins, bins, C] of the same dtype.
    """
    rows = _shares(tf.shape(features)[1], bins, features.dtype)
    columns = _shares(tf.shape(features)[2], bins, features.dtype)
    return tf.einsum("ih,bhwc,jw->bijc", rows, features, columns)


def _shares(side: tf.Tensor, bins: int, dtype: tf.DType) -> tf.Tensor:
    """[bins, side]: how much each pixel of an axis counts in the mean of each part."""
    part, pixel = tf.range(bins)[:, None], tf.range(side)[None]
    inside = (pixel >= part * side // bins) & (pixel < -(-(part + 1) * side // bins))
    inside = tf.cast(inside, dtype)
    return inside / tf.reduce_sum(inside, axis=1, keepdims=True)
