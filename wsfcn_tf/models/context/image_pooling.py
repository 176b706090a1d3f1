"""A context's last branch: what the whole image is like, at every pixel."""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.layers import batch_norm, conv, register


@register
class ImagePooling(keras.layers.Layer):
    """Global average, 1x1, BatchNorm, ReLU, broadcast back to the map.

    Args:
        filters: output channels.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.conv = conv(filters, 1)
        self.bn = batch_norm()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.conv.build(input_shape)
        self.bn.build((*input_shape[:-1], self.filters))
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]; `batch_statistics` is the BatchNorm's `training`."""
        pooled = self.conv(tf.reduce_mean(inputs, axis=[1, 2], keepdims=True))
        pooled = tf.nn.relu(self.bn(pooled, training=batch_statistics))
        shape = tf.shape(inputs)
        return tf.broadcast_to(pooled, tf.stack([shape[0], shape[1], shape[2], self.filters]))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}
