"""SF2's two paths without its alignment: the fusions that the paper's Table II compares it with."""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.fusion.paths import FusionPaths, Operation
from wsfcn_tf.models.layers import register
from wsfcn_tf.ops import resize_align_corners


@register
class ElementwiseFusion(keras.layers.Layer):
    """The deep feature is resized (align-corners), then the paths meet in a sum, a product or side by side.

    Args:
        filters: output channels (the paper: 256).
        operation: "sum", "product" or "concat".
    """

    def __init__(self, filters: int, operation: Operation, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.operation = filters, operation
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

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters, "operation": self.operation}
