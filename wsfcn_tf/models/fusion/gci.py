"""GCI, global cue injection: the fusion of the SSSS baseline (arXiv 2005.08104, section 3.4)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.layers import ConvNormReLU, Layer, batch_norm, conv, register
from wsfcn_tf.ops import resize_align_corners

_SKIP_FILTERS = 48


@register
class GCI(Layer):
    """The deep feature's global maximum scales and shifts the shallow feature, channel by channel (release).

    deep = E3(Cat(Up(high), E1(low))); (scale, shift) = max over pixels of E1(deep);
    shallow = E1(ReLU(BN(conv(low)) (scale + 1) + shift)), with E a convolution of that side, BatchNorm and ReLU, and
    BN without scale and shift of its own.

    Args:
        filters: output channels (the release: 256).
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.skip = ConvNormReLU(_SKIP_FILTERS, 1)
        self.decode = ConvNormReLU(filters, 3)
        self.cue = ConvNormReLU(2 * filters, 1)
        self.conv_low = conv(filters, 1)
        self.bn_low = batch_norm(center=False, scale=False)
        self.merge = ConvNormReLU(filters, 1)

    def build(self, input_shape: list[tuple]) -> None:
        """[low [B, H, W, L], high [B, h, w, D]]."""
        low, high = input_shape
        inner = (None, None, None, self.filters)
        self.skip.build(low)
        self.decode.build((None, None, None, high[-1] + _SKIP_FILTERS))
        self.cue.build(inner)
        self.conv_low.build(low)
        self.bn_low.build(inner)
        self.merge.build(inner)
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """[low [B, H, W, L], high [B, h, w, D]] -> (shallow, deep), each [B, H, W, filters]."""
        low, high = inputs
        resized = tf.cast(resize_align_corners(high, tf.shape(low)[1:3]), low.dtype)
        deep = self.decode(tf.concat([resized, self.skip(low, training=training)], axis=-1), training=training)
        cue = tf.reduce_max(self.cue(deep, training=training), axis=[1, 2], keepdims=True)
        scale, shift = tf.split(cue, 2, axis=-1)
        normalised = self.bn_low(self.conv_low(low), training=training)
        shallow = self.merge(tf.nn.relu(normalised * (scale + 1.0) + shift), training=training)
        return shallow, deep
