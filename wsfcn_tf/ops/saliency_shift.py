"""Masks and what stands out in a photo (`data/photos/saliency.py`), together."""

import tensorflow as tf

_LEAST = 0.01  # share of a thing or of background that counts as none


def with_saliency(masks: tf.Tensor, saliency: tf.Tensor, weight: float) -> tf.Tensor:
    """Shifts masks between background and things by what stands out in the photo.

    log-odds of being a thing = 1/2 log-odds by the masks + weight * saliency. Half of them: the network is surer
    than it is right, and in training it would confirm itself. Which thing a pixel is does not change.

    Args:
        masks: float32 [..., 1 + C], at least 0, 0 for classes that are not there; channel 0 is the background.
        saliency: float32 [..., 1] in [-1, 1], above 0 where a thing is likelier than background.
        weight: of the saliency.

    Returns:
        float32 [..., 1 + C], which add up to 1; only background where the masks hold nothing else.
    """
    background, things = masks[..., :1], masks[..., 1:]
    total = tf.reduce_sum(things, axis=-1, keepdims=True)
    share = tf.clip_by_value(tf.math.divide_no_nan(total, total + background), _LEAST, 1 - _LEAST)
    odds = tf.math.log(share / (1 - share)) / 2 + weight * saliency
    things = tf.math.divide_no_nan(things, total) * tf.sigmoid(odds)
    return tf.concat([1 - tf.reduce_sum(things, axis=-1, keepdims=True), things], axis=-1)
