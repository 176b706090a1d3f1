"""Normalised global weighted pooling: from a score per pixel to a score per image (SSSS section 3.2)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.layers import Layer, register

_FOCAL_POWER = 3.0


@register
class GlobalWeightedPooling(Layer):
    """Per class: sum(x m) / (1 + sum(m)) + (1 - mean m)^3 log(lambda + mean m), over pixels.

    x are the logits, m their softmax masks; the second, focal term penalises masks that cover nothing.

    Args:
        focal_lambda: the lambda of the focal term.
    """

    def __init__(self, focal_lambda: float = 0.01, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.focal_lambda = focal_lambda

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """[logits [B, h, w, 1 + C], masks (their softmax)] -> scores [B, C], before the sigmoid."""
        logits, masks = (tensor[..., 1:] for tensor in inputs)
        pooled = tf.reduce_sum(logits * masks, axis=[1, 2]) / (1.0 + tf.reduce_sum(masks, axis=[1, 2]))
        size = tf.reduce_mean(masks, axis=[1, 2])
        return pooled + (1.0 - size) ** _FOCAL_POWER * tf.math.log(self.focal_lambda + size)
