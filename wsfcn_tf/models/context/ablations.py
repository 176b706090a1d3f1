"""The contexts that the paper's Table II compares FCA with: one large convolution, the non-local block, PPM."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.base import Context
from wsfcn_tf.models.layers import ConvNormReLU, conv, register
from wsfcn_tf.ops import adaptive_average_pool, resize_align_corners

_KERNEL = 7


@register
class LargeKernel(Context):
    """7x7, BN, ReLU.

    Args:
        filters, dropout, batch_statistics: see `Context`.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        self.merge = ConvNormReLU(filters, _KERNEL)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.merge.build(input_shape)
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        return self.merge(inputs, training=batch_statistics)


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


_BINS = (1, 2, 3, 6)


@register
class PPM(Context):
    """Averages over 1, 4, 9 and 36 parts of the map, each 1x1-BN-ReLU, beside the map itself; 3x3, BN, ReLU.

    Args:
        filters, dropout, batch_statistics: see `Context`.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        self.merge = ConvNormReLU(filters, 3)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]; each level gets C / 4 channels."""
        channels = input_shape[-1] // len(_BINS)
        for bins in _BINS:
            level = ConvNormReLU(channels, 1)
            setattr(self, f"level{bins}", level)
            level.build(input_shape)
        self.merge.build((*input_shape[:-1], input_shape[-1] + channels * len(_BINS)))
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        size, features = tf.shape(inputs)[1:3], [inputs]
        for bins in _BINS:
            level = getattr(self, f"level{bins}")
            pooled = level(adaptive_average_pool(inputs, bins), training=batch_statistics)
            features.append(tf.cast(resize_align_corners(pooled, size), inputs.dtype))
        return self.merge(tf.concat(features, axis=-1), training=batch_statistics)
