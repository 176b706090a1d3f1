"""Two paths that meet in the middle: SF2 without its alignment, and what the paper's Table II compares it with."""

from typing import Any, Literal

import tensorflow as tf

from wsfcn_tf.models.layers import ConvNormReLU, Layer, register
from wsfcn_tf.ops import resize_align_corners

Operation = Literal["product", "sum", "concat"]

_SHALLOW = ("shallow1", "shallow2", "shallow3", "shallow4")
_DEEP = ("deep1", "deep2", "deep3", "deep4")


@register
class FusionPaths(Layer):
    """With E a 3x3 convolution with bias, BatchNorm and ReLU, each with its own weights (release):

    h1 = E(low), h2 = E(h1), v1 = E(high), v2 = E(v1), f = h2 op v2, shallow = E(E(f) + h1), deep = E(E(f) + v1).

    Args:
        filters: output channels (the release: 256).
        operation: op; "product" is SF2's, the others are rows of the paper's Table II.
    """

    def __init__(self, filters: int, operation: Operation, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.operation = filters, operation
        for name in _SHALLOW + _DEEP:
            setattr(self, name, ConvNormReLU(filters, 3, use_bias=True))

    def build(self, input_shape: list[tuple]) -> None:
        """[low [B, H, W, L], high [B, H, W, D]]."""
        low, high = input_shape
        met = 2 * self.filters if self.operation == "concat" else self.filters
        for names, first in ((_SHALLOW, low[-1]), (_DEEP, high[-1])):
            for name, channels in zip(names, (first, self.filters, met, self.filters), strict=True):
                getattr(self, name).build((None, None, None, channels))
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """[low [B, H, W, L], high [B, H, W, D]] -> (shallow, deep), each [B, H, W, filters]."""
        low, high = inputs
        shallow, deep = self.shallow1(low, training=training), self.deep1(high, training=training)
        met = self._meet(self.shallow2(shallow, training=training), self.deep2(deep, training=training))
        shallow = self.shallow4(self.shallow3(met, training=training) + shallow, training=training)
        deep = self.deep4(self.deep3(met, training=training) + deep, training=training)
        return shallow, deep

    def _meet(self, shallow: tf.Tensor, deep: tf.Tensor) -> tf.Tensor:
        if self.operation == "product":
            return shallow * deep
        if self.operation == "sum":
            return shallow + deep
        return tf.concat([shallow, deep], axis=-1)


@register
class ElementwiseFusion(Layer):
    """The deep feature is resized (align-corners), then the paths meet in a sum, a product or side by side.

    Args:
        filters: output channels (the paper: 256).
        operation: "sum", "product" or "concat".
    """

    def __init__(self, filters: int, operation: Operation, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.paths = FusionPaths(filters, operation)

    def build(self, input_shape: list[tuple]) -> None:
        """[low [B, H, W, L], high [B, h, w, D]]."""
        self.paths.build(input_shape)
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """[low [B, H, W, L], high [B, h, w, D]] -> (shallow, deep), each [B, H, W, filters]."""
        low, high = inputs
        resized = tf.cast(resize_align_corners(high, tf.shape(low)[1:3]), low.dtype)
        return self.paths([low, resized], training=training)
