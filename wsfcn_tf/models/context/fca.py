"""FCA, flexible context aggregation: MCLM, then SRM (paper section III-B; release)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.mclm import MCLM
from wsfcn_tf.models.layers import Layer, conv, register


@register
class SpatialReweighting(Layer):
    """SRM: m = sigmoid(3x3 over [channel mean, channel maximum]); x * m + x (CBAM's spatial attention with a skip)."""

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.conv = conv(1, 3)
        self.conv.build((None, None, None, 2))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> the same shape."""
        mean = tf.reduce_mean(inputs, axis=-1, keepdims=True)
        maximum = tf.reduce_max(inputs, axis=-1, keepdims=True)
        return inputs * tf.sigmoid(self.conv(tf.concat([mean, maximum], axis=-1))) + inputs


@register
class FCA(MCLM):
    """MCLM under spatial attention.

    Args:
        filters, dilations, dropout, batch_statistics: see `MCLM`.
    """

    def __init__(self, filters: int, dilations: tuple[int, int, int, int], **kwargs: Any) -> None:
        super().__init__(filters, dilations, **kwargs)
        self.reweighting = SpatialReweighting()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.reweighting.build((*input_shape[:-1], self.filters))
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        return self.reweighting(super().gather(inputs, batch_statistics))
