"""SF2, semantically consistent feature fusion of the shallow and the aligned deep feature (paper section III-C)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.fusion.elementwise import FusionPaths
from wsfcn_tf.models.layers import Layer, conv, register, torch_uniform
from wsfcn_tf.ops import grid_positions, resize_half_pixel, sample_bilinear


@register
class Alignment(Layer):
    """Both features are brought to `filters` channels; a 3x3 on them makes the flow that resamples the deep one.

    Args:
        filters: channels of the two projections (the release: 128).
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.project_low = conv(filters, 1, kernel_initializer=torch_uniform())
        self.project_high = conv(filters, 1, kernel_initializer=torch_uniform())
        self.flow = conv(2, 3, kernel_initializer=torch_uniform())

    def build(self, input_shape: list[tuple]) -> None:
        """[low [B, H, W, L], high [B, h, w, D]]."""
        low, high = input_shape
        self.project_low.build(low)
        self.project_high.build(high)
        self.flow.build((None, None, None, 2 * self.filters))
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """[low [B, H, W, L], high [B, h, w, D]] -> high at low's resolution, [B, H, W, D]."""
        low, high = inputs
        coarse = tf.cast(resize_half_pixel(self.project_high(high), tf.shape(low)[1:3]), low.dtype)
        flow = self.flow(tf.concat([coarse, self.project_low(low)], axis=-1))
        return sample_bilinear(high, grid_positions(flow))


@register
class SF2(Layer):
    """Alignment, then two paths that meet in a product (release).

    Args:
        filters: output channels (the release: 256).
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
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
