"""The dilated convolution of the contexts, computed tap by tap."""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.layers import he_normal, register


@register
class TapConv(keras.layers.Layer):
    """A convolution with dilation, zero padding, stride 1, no bias.

    All taps are one 1x1 convolution to kh * kw * filters channels, whose parts are then shifted and added. On CPUs a
    dilated convolution is otherwise padded and cut into `dilation` interleaved maps, which at the releases' dilations
    costs a multiple of the time (`benchmarks/tap_conv.md`).

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
        height, width = self.sides
        kernel = tf.cast(tf.convert_to_tensor(self.kernel), inputs.dtype)
        taps = tf.unstack(tf.reshape(kernel, [height * width, 1, 1, *kernel.shape[2:]]))
        parts = tf.nn.conv2d(inputs, tf.concat(taps, axis=-1), strides=1, padding="VALID")
        parts = tf.split(parts, height * width, axis=-1)
        offsets = [(i - height // 2, j - width // 2) for i in range(height) for j in range(width)]
        return tf.add_n(
            [
                _shift(_shift(part, i * self.dilation, axis=1), j * self.dilation, axis=2)
                for part, (i, j) in zip(parts, offsets, strict=True)
            ]
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel": list(self.sides),
            "dilation": self.dilation,
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
