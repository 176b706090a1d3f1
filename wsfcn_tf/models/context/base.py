"""What context modules share: settings, what training changes, the dropout at the end, and image pooling."""

from abc import abstractmethod
from typing import Any

import tensorflow as tf

from wsfcn_tf.models.layers import Layer, SeededDropout, batch_norm, conv, register


class Context(Layer):
    """A module on the last feature; subclasses say in `gather` what it sees.

    Args:
        filters: output channels (the release: 256).
        dropout: share dropped in training.
        batch_statistics: False as in the release, whose context BatchNorms train scale and shift but keep their
            running statistics, also in training. True, for training from scratch, lets them see the batch.
    """

    def __init__(self, filters: int, dropout: float = 0.5, batch_statistics: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.batch_statistics = filters, batch_statistics
        self.dropout = SeededDropout(dropout, name=f"{self.name}_dropout")

    @abstractmethod
    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]; `batch_statistics` is the BatchNorms' `training`."""

    def call(self, inputs: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]; `training` switches dropout, and BatchNorm if `batch_statistics`."""
        features = self.gather(inputs, batch_statistics=training and self.batch_statistics)
        return self.dropout(features, training=training, seed=seed)


@register
class ImagePooling(Layer):
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
