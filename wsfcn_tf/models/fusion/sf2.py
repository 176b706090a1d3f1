"""SF2, semantically consistent feature fusion of the shallow and the aligned deep feature (paper section III-C)."""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.fusion.alignment import Alignment
from wsfcn_tf.models.fusion.paths import FusionPaths
from wsfcn_tf.models.layers import register


@register
class SF2(keras.layers.Layer):
    """Alignment, then two paths that meet in a product (release).

    Args:
        filters: output channels (the release: 256).
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.alignment = Alignment(filters // 2)
        self.paths = FusionPaths(filters, "product")

    def build(self, input_shape: list[tuple]) -> None:
        """[low [B, H, W, L], high [B, h, w, D]]."""
        self.alignment.build(input_shape)
        self.paths.build(input_shape)
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """[low [B, H, W, L], high [B, h, w, D]] -> (shallow, deep), each [B, H, W, filters]."""
        low, _ = inputs
        return self.paths([low, self.alignment(inputs)], training=training)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}
