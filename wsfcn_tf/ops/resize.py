"""Maps of another size: the two bilinear resizings of the release, and averages over a given number of parts.

The two differ in where they put the corners; mixing them up costs mIoU.
"""

import tensorflow as tf


def resize_align_corners(features: tf.Tensor, size: tf.Tensor | tuple[int, int]) -> tf.Tensor:
    """Bilinear resize whose corner pixels' centres stay on the corners (torch: `align_corners=True`).

    Args:
        features: float [B, H, W, C].
        size: the new (height, width).

    Returns:
        float32 [B, height, width, C].
    """
    return tf.raw_ops.ResizeBilinear(images=features, size=size, align_corners=True)


def resize_half_pixel(features: tf.Tensor, size: tf.Tensor | tuple[int, int]) -> tf.Tensor:
    """Bilinear resize with half-pixel centres and no antialiasing (torch: `align_corners=False`).

    Args:
        features: float [B, H, W, C].
        size: the new (height, width).

    Returns:
        float32 [B, height, width, C].
    """
    return tf.image.resize(features, size, method="bilinear", antialias=False)


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
