"""ASPP, atrous spatial pyramid pooling (DeepLab v3, arXiv 1706.05587): the context of the SSSS baseline."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.base import Context, ImagePooling
from wsfcn_tf.models.context.tap_conv import TapConv
from wsfcn_tf.models.layers import ConvNormReLU, Layer, batch_norm, register


@register
class DilatedBranch(Layer):
    """A dilated 3x3 convolution, BatchNorm, ReLU.

    Args:
        filters: output channels.
        dilation: of the convolution.
    """

    def __init__(self, filters: int, dilation: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv = TapConv(filters, (3, 3), dilation)
        self.bn = batch_norm()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.conv.build(input_shape)
        self.bn.build((*input_shape[:-1], self.conv.filters))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters], not negative; `training` takes the batch's statistics."""
        return tf.nn.relu(self.bn(self.conv(inputs), training=training))


@register
class ASPP(Context):
    """A 1x1 and three dilated 3x3 convolutions, image pooling, all BN-ReLU; joined by a 1x1, BN, ReLU.

    Args:
        filters, dropout, batch_statistics: see `Context`.
        dilations: of the three 3x3 (the release: 12, 24, 36).
    """

    def __init__(self, filters: int, dilations: tuple[int, int, int], **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        self.dilations = tuple(dilations)
        self.branch1 = ConvNormReLU(filters, 1)
        self.branch2, self.branch3, self.branch4 = (DilatedBranch(filters, dilation) for dilation in self.dilations)
        self.pooling = ImagePooling(filters)
        self.merge = ConvNormReLU(filters, 1)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        for layer in (self.branch1, self.branch2, self.branch3, self.branch4, self.pooling):
            layer.build(input_shape)
        self.merge.build((*input_shape[:-1], self.filters * 5))
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        features = [branch(inputs, training=batch_statistics) for branch in branches]
        features.append(self.pooling(inputs, batch_statistics=batch_statistics))
        return self.merge(tf.concat(features, axis=-1), training=batch_statistics)
