"""FCA, flexible context aggregation: MCLM (strip convolutions at many scales) and SRM (paper section III-B).

As in the release; where the paper's text differs, the release is followed.
"""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.context.strip_conv import StripConv
from wsfcn_tf.models.layers import SeededDropout, batch_norm, conv, register

_KERNELS = (1, 3, 5, 7)


@register
class StripBranch(keras.layers.Layer):
    """conv(1 x k)(conv(k x 1)(x)) + conv(k x 1)(conv(1 x k)(x)): a k x k surrounding for 4 k kernels' cost.

    Args:
        filters: output channels.
        kernel: k.
        dilation: of all four convolutions.
    """

    def __init__(self, filters: int, kernel: int, dilation: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel, self.dilation = filters, kernel, dilation
        self.down = StripConv(filters, kernel, dilation, vertical=True)
        self.down_across = StripConv(filters, kernel, dilation, vertical=False)
        self.across = StripConv(filters, kernel, dilation, vertical=False)
        self.across_down = StripConv(filters, kernel, dilation, vertical=True)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        inner = (*input_shape[:-1], self.filters)
        self.down.build(input_shape)
        self.down_across.build(inner)
        self.across.build(input_shape)
        self.across_down.build(inner)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        return self.down_across(self.down(inputs)) + self.across_down(self.across(inputs))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters, "kernel": self.kernel, "dilation": self.dilation}


@register
class ChannelAttention(keras.layers.Layer):
    """CBAM's channel attention (arXiv 1807.06521): x * sigmoid(mlp(global average) + mlp(global maximum))."""

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]; the two 1x1 convolutions keep C."""
        self.squeeze = conv(input_shape[-1], 1)
        self.excite = conv(input_shape[-1], 1)
        self.squeeze.build(input_shape)
        self.excite.build(input_shape)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B, H, W, C] -> the same shape."""
        average = tf.reduce_mean(inputs, axis=[1, 2], keepdims=True)
        maximum = tf.reduce_max(inputs, axis=[1, 2], keepdims=True)
        return inputs * tf.sigmoid(self._weigh(average) + self._weigh(maximum))

    def _weigh(self, pooled: tf.Tensor) -> tf.Tensor:
        return self.excite(tf.nn.relu(self.squeeze(pooled)))


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


@register
class FCA(keras.layers.Layer):
    """Four strip branches under one shared channel attention, image pooling, 1x1 and BatchNorm, SRM, dropout.

    Args:
        filters: output channels (the release: 256).
        dilations: of the branches with kernel 1, 3, 5, 7.
        dropout: share dropped in training.
        batch_statistics: False as in the release, whose context BatchNorms train scale and shift but keep their
            running statistics, also in training. True, for training from scratch, lets them see the batch.
    """

    def __init__(
        self,
        filters: int,
        dilations: tuple[int, int, int, int],
        dropout: float = 0.5,
        batch_statistics: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.dilations, self.dropout_rate = filters, tuple(dilations), dropout
        self.batch_statistics = batch_statistics
        self.strip1, self.strip3, self.strip5, self.strip7 = (
            StripBranch(filters, kernel, dilation) for kernel, dilation in zip(_KERNELS, self.dilations, strict=True)
        )
        self.attention = ChannelAttention()
        self.pooling = ImagePooling(filters)
        self.conv = conv(filters, 1)
        self.bn = batch_norm()
        self.reweighting = SpatialReweighting()
        self.dropout = SeededDropout(dropout, name=f"{self.name}_dropout")

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        inner = (*input_shape[:-1], self.filters)
        for layer in (self.strip1, self.strip3, self.strip5, self.strip7, self.pooling):
            layer.build(input_shape)
        self.conv.build((*input_shape[:-1], self.filters * 5))
        for layer in (self.attention, self.bn, self.reweighting):
            layer.build(inner)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]; `training` switches dropout, and BatchNorm if `batch_statistics`."""
        batch_statistics = training and self.batch_statistics
        strips = [self.attention(strip(inputs)) for strip in (self.strip1, self.strip3, self.strip5, self.strip7)]
        features = tf.concat([*strips, self.pooling(inputs, batch_statistics=batch_statistics)], axis=-1)
        features = self.reweighting(self.bn(self.conv(features), training=batch_statistics))
        return self.dropout(features, training=training, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "dilations": list(self.dilations),
            "dropout": self.dropout_rate,
            "batch_statistics": self.batch_statistics,
        }
