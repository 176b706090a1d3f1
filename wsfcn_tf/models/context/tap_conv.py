"""The dilated convolution of the contexts, whose taps often reach beyond the map."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.layers import Layer, he_normal, register
from wsfcn_tf.ops import tap_conv2d


@register
class TapConv(Layer):
    """A convolution with dilation, zero padding, stride 1, no bias.

    At the releases' dilations most taps reach beyond the map; on CPUs `tap_conv2d` leaves those out.

    Args:
        filters: output channels.
        kernel: its sides (kh, kw), odd.
        dilation: distance between taps.
    """

    def __init__(self, filters: int, kernel: tuple[int, int], dilation: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.sides, self.dilation = filters, tuple(kernel), dilation

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]; the kernel is stored as a convolution's, [kh, kw, C, filters]."""
        self.kernel = self.add_weight(
            name="kernel", shape=(*self.sides, input_shape[-1], self.filters), initializer=he_normal(), trainable=True
        )
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        kernel = tf.cast(tf.convert_to_tensor(self.kernel), inputs.dtype)
        return tap_conv2d(inputs, kernel, self.dilation)
