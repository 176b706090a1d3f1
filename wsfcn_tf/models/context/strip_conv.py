"""The strip convolution: a dilated k x 1 or 1 x k kernel, computed tap by tap."""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.layers import he_normal, register


@register
class StripConv(keras.layers.Layer):
    """A k x 1 (vertical) or 1 x k (horizontal) convolution with dilation, zero padding, stride 1, no bias.

    All taps are one 1x1 convolution to k * filters channels, whose parts are then shifted and added. On CPUs a dilated
    convolution is otherwise padded and cut into `dilation` interleaved maps, which at the release's dilations costs
    up to 2.8 times the time (`benchmarks/strip_conv.py`).

    Args:
        filters: output channels.
        kernel: number of taps, odd.
        dilation: distance between taps.
        vertical: True for k x 1, False for 1 x k.
    """

    def __init__(self, filters: int, kernel: int, dilation: int, vertical: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.taps, self.dilation, self.vertical = filters, kernel, dilation, vertical

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]; the kernel is stored as a convolution's, [kh, kw, C, filters]."""
        sides = (self.taps, 1) if self.vertical else (1, self.taps)
        self.kernel = self.add_weight(
            name="kernel", shape=(*sides, input_shape[-1], self.filters), initializer=he_normal(), trainable=True
        )
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        kernel = tf.cast(tf.convert_to_tensor(self.kernel), inputs.dtype)
        taps = tf.unstack(kernel, axis=0 if self.vertical else 1)
        pointwise = tf.concat([tf.reshape(tap, [1, 1, *tap.shape[1:]]) for tap in taps], axis=-1)
        parts = tf.split(tf.nn.conv2d(inputs, pointwise, strides=1, padding="VALID"), self.taps, axis=-1)
        offsets = [(tap - self.taps // 2) * self.dilation for tap in range(self.taps)]
        axis = 1 if self.vertical else 2
        return tf.add_n([_shift(part, offset, axis) for part, offset in zip(parts, offsets, strict=True)])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel": self.taps,
            "dilation": self.dilation,
            "vertical": self.vertical,
        }


def _shift(features: tf.Tensor, offset: int, axis: int) -> tf.Tensor:
    """result[i] = features[i + offset] along `axis` (1 or 2), zero where that is outside."""
    if offset == 0:
        return features
    distance = tf.minimum(abs(offset), tf.shape(features)[axis])
    if offset > 0:
        kept = features[:, distance:] if axis == 1 else features[:, :, distance:]
        pad = [0, distance]
    else:
        rest = tf.shape(features)[axis] - distance
        kept = features[:, :rest] if axis == 1 else features[:, :, :rest]
        pad = [distance, 0]
    return tf.pad(kept, [[0, 0], pad, [0, 0], [0, 0]] if axis == 1 else [[0, 0], [0, 0], pad, [0, 0]])
