"""The non-local block as the context (Wang et al., arXiv 1711.07971; a row of the paper's Table II)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.base import Context
from wsfcn_tf.models.layers import ConvNormReLU, conv, register


@register
class NonLocal(Context):
    """x + W softmax(theta(x) phi(x)^T) g(x) at half the channels (embedded Gaussian), then 1x1, BN, ReLU.

    Args:
        filters, dropout, batch_statistics: see `Context`.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        self.merge = ConvNormReLU(filters, 1)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        channels = input_shape[-1]
        self.theta, self.phi, self.value = (conv(channels // 2, 1) for _ in range(3))
        # W starts at zero, so that the block starts as the identity (section 4.1 there)
        self.expand = conv(channels, 1, kernel_initializer="zeros")
        for layer in (self.theta, self.phi, self.value, self.merge):
            layer.build(input_shape)
        self.expand.build((*input_shape[:-1], channels // 2))
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]; needs memory for (H W)^2 numbers an image."""
        shape = tf.shape(inputs)
        flat = tf.stack([shape[0], shape[1] * shape[2], self.theta.filters])
        query, key, value = (tf.reshape(layer(inputs), flat) for layer in (self.theta, self.phi, self.value))
        attention = tf.nn.softmax(tf.matmul(query, key, transpose_b=True))
        gathered = tf.reshape(tf.matmul(attention, value), tf.concat([shape[:3], flat[2:]], axis=0))
        return self.merge(inputs + self.expand(gathered), training=batch_statistics)
