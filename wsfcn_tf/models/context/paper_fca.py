"""FCA as the paper's Eqs. 1-6 have it, where the release differs (see `fca`)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.base import Context
from wsfcn_tf.models.context.fca import SpatialReweighting
from wsfcn_tf.models.context.mclm import KERNELS, StripBranch
from wsfcn_tf.models.layers import ConvNormReLU, Layer, conv, register


@register
class PaperChannelAttention(Layer):
    """x * sigmoid(f(global average) + f(global maximum)) with f one 1x1 convolution (Eqs. 2-3)."""

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]; the convolution keeps C."""
        self.conv = conv(input_shape[-1], 1)
        self.conv.build(input_shape)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> the same shape."""
        average = tf.reduce_mean(inputs, axis=[1, 2], keepdims=True)
        maximum = tf.reduce_max(inputs, axis=[1, 2], keepdims=True)
        return inputs * tf.sigmoid(self.conv(average) + self.conv(maximum))


@register
class PaperFCA(Context):
    """Four undilated strip branches, each under an attention of its own, a 3x3-BN-ReLU on all of them, SRM.

    Args:
        filters, dropout, batch_statistics: see `Context`.
        reweighting: False leaves SRM out (the paper's MCLM).
    """

    def __init__(self, filters: int, reweighting: bool = True, **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        for kernel in KERNELS:
            setattr(self, f"strip{kernel}", StripBranch(filters, kernel, dilation=1))
            setattr(self, f"attention{kernel}", PaperChannelAttention())
        self.merge = ConvNormReLU(filters, 3)
        self.reweighting = SpatialReweighting() if reweighting else None

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        inner = (*input_shape[:-1], self.filters)
        for kernel in KERNELS:
            getattr(self, f"strip{kernel}").build(input_shape)
            getattr(self, f"attention{kernel}").build(inner)
        self.merge.build((*input_shape[:-1], self.filters * len(KERNELS)))
        if self.reweighting is not None:
            self.reweighting.build(inner)
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        branches = [getattr(self, f"attention{k}")(getattr(self, f"strip{k}")(inputs)) for k in KERNELS]
        features = self.merge(tf.concat(branches, axis=-1), training=batch_statistics)
        return features if self.reweighting is None else self.reweighting(features)
