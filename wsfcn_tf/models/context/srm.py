"""SRM, the spatial reweighting module of FCA (paper section III-B, Eq. 6)."""

import keras
import tensorflow as tf

from wsfcn_tf.models.layers import conv, register


@register
class SpatialReweighting(keras.layers.Layer):
    """SRM: m = sigmoid(3x3 over [channel mean, channel maximum]); x * m + x (CBAM's spatial attention with a skip)."""

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.conv = conv(1, 3)
        self.conv.build((None, None, None, 2))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> the same shape."""
        mean = tf.reduce_mean(inputs, axis=-1, keepdims=True)
        maximum = tf.reduce_max(inputs, axis=-1, keepdims=True)
        return inputs * tf.sigmoid(self.conv(tf.concat([mean, maximum], axis=-1))) + inputs
