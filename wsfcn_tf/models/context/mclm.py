"""MCLM, the multi-scale context of FCA: strip convolutions under channel attention (paper section III-B; release)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.base import Context, ImagePooling
from wsfcn_tf.models.context.tap_conv import TapConv
from wsfcn_tf.models.layers import Layer, batch_norm, conv, register

KERNELS = (1, 3, 5, 7)


@register
class StripBranch(Layer):
    """conv(1 x k)(conv(k x 1)(x)) + conv(k x 1)(conv(1 x k)(x)): a k x k surrounding for 4 k kernels' cost.

    Args:
        filters: output channels.
        kernel: k.
        dilation: of all four convolutions.
    """

    def __init__(self, filters: int, kernel: int, dilation: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.down = TapConv(filters, (kernel, 1), dilation)
        self.down_across = TapConv(filters, (1, kernel), dilation)
        self.across = TapConv(filters, (1, kernel), dilation)
        self.across_down = TapConv(filters, (kernel, 1), dilation)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        inner = (*input_shape[:-1], self.filters)
        self.down.build(input_shape)
        self.down_across.build(inner)
        self.across.build(input_shape)
        self.across_down.build(inner)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        return self.down_across(self.down(inputs)) + self.across_down(self.across(inputs))


@register
class ChannelAttention(Layer):
    """CBAM's channel attention (arXiv 1807.06521): x * sigmoid(mlp(global average) + mlp(global maximum))."""

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]; the two 1x1 convolutions keep C."""
        self.squeeze = conv(input_shape[-1], 1)
        self.excite = conv(input_shape[-1], 1)
        self.squeeze.build(input_shape)
        self.excite.build(input_shape)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> the same shape."""
        average = tf.reduce_mean(inputs, axis=[1, 2], keepdims=True)
        maximum = tf.reduce_max(inputs, axis=[1, 2], keepdims=True)
        return inputs * tf.sigmoid(self._weigh(average) + self._weigh(maximum))

    def _weigh(self, pooled: tf.Tensor) -> tf.Tensor:
        return self.excite(tf.nn.relu(self.squeeze(pooled)))


@register
class MCLM(Context):
    """Four strip branches under one shared channel attention and image pooling, joined by a 1x1 and BatchNorm.

    Args:
        filters, dropout, batch_statistics: see `Context`.
        dilations: of the branches with kernel 1, 3, 5, 7.
    """

    def __init__(self, filters: int, dilations: tuple[int, int, int, int], **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        self.dilations = tuple(dilations)
        self.strip1, self.strip3, self.strip5, self.strip7 = (
            StripBranch(filters, kernel, dilation) for kernel, dilation in zip(KERNELS, self.dilations, strict=True)
        )
        self.attention = ChannelAttention()
        self.pooling = ImagePooling(filters)
        self.conv = conv(filters, 1)
        self.bn = batch_norm()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        inner = (*input_shape[:-1], self.filters)
        for layer in (self.strip1, self.strip3, self.strip5, self.strip7, self.pooling):
            layer.build(input_shape)
        self.conv.build((*input_shape[:-1], self.filters * 5))
        self.attention.build(inner)
        self.bn.build(inner)
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        strips = [self.attention(strip(inputs)) for strip in (self.strip1, self.strip3, self.strip5, self.strip7)]
        features = tf.concat([*strips, self.pooling(inputs, batch_statistics=batch_statistics)], axis=-1)
        return self.bn(self.conv(features), training=batch_statistics)
