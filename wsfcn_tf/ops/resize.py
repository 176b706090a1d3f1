"""The two bilinear resizings of the release. They differ in where they put the corners; mixing them up costs mIoU."""

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
