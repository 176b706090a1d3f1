"""From masks to pseudo labels (SSSS section 3.3; thresholds as in the release)."""

import tensorflow as tf


def clean(masks: tf.Tensor, tags: tf.Tensor) -> tf.Tensor:
    """Zeroes the masks of classes that the image is not tagged with; background stays.

    Args:
        masks: float32 [B, H, W, 1 + C].
        tags: float32 [B, C] in {0, 1}.

    Returns:
        float32 [B, H, W, 1 + C].
    """
    return masks * tf.concat([tf.ones_like(tags[:, :1]), tags], axis=1)[:, None, None]


def pseudo_labels(
    masks: tf.Tensor, floor: float = 0.2, background_factor: float = 0.7, foreground_factor: float = 0.6
) -> tf.Tensor:
    """A pixel belongs to a class where its mask exceeds max(floor, factor * the class's maximum in that image).

    Pixels claimed by two classes belong to nobody.

    Args:
        masks: float32 [B, H, W, 1 + C] in [0, 1], cleaned by the tags.
        floor: the lowest threshold.
        background_factor: share of the maximum for channel 0.
        foreground_factor: share of the maximum for the others.

    Returns:
        float32 [B, H, W, 1 + C] in {0, 1}, at most one 1 per pixel.
    """
    factors = tf.concat([[background_factor], tf.fill([tf.shape(masks)[-1] - 1], foreground_factor)], axis=0)
    threshold = tf.maximum(floor, factors * tf.reduce_max(masks, axis=[1, 2], keepdims=True))
    claims = tf.cast(masks > threshold, masks.dtype)
    return claims * tf.cast(tf.reduce_sum(claims, axis=-1, keepdims=True) < 2.0, masks.dtype)
