"""SF2, semantically consistent feature fusion of the shallow and the aligned deep feature (paper section III-C)."""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.fusion.alignment import Alignment
from wsfcn_tf.models.layers import ConvNormReLU, register

_SHALLOW = ("shallow1", "shallow2", "shallow3", "shallow4")
_DEEP = ("deep1", "deep2", "deep3", "deep4")


@register
class SF2(keras.layers.Layer):
    """Alignment, then two paths of four 3x3 convolutions that meet in a product (release).

    With E a convolution, BatchNorm and ReLU, each with its own weights:
    h1 = E(low), h2 = E(h1), v1 = E(aligned), v2 = E(v1), f = h2 * v2, shallow = E(E(f) + h1), deep = E(E(f) + v1).

    Args:
        filters: output channels (the release: 256).
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.alignment = Alignment(filters // 2)
        for name in _SHALLOW + _DEEP:
            setattr(self, name, ConvNormReLU(filters, 3, use_bias=True))

    def build(self, input_shape: list[tuple]) -> None:
        """[low [B, H, W, L], high [B, h, w, D]]."""
        low, high = input_shape
        self.alignment.build(input_shape)
        self.shallow1.build(low)
        self.deep1.build(high)
        for name in _SHALLOW[1:] + _DEEP[1:]:
            getattr(self, name).build((None, None, None, self.filters))
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """[low [B, H, W, L], high [B, h, w, D]] -> (shallow, deep), each [B, H, W, filters]."""
        low, _ = inputs
        shallow = self.shallow1(low, training=training)
        deep = self.deep1(self.alignment(inputs), training=training)
        fused = self.shallow2(shallow, training=training) * self.deep2(deep, training=training)
        shallow = self.shallow4(self.shallow3(fused, training=training) + shallow, training=training)
        deep = self.deep4(self.deep3(fused, training=training) + deep, training=training)
        return shallow, deep

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}
