"""PPM, pyramid pooling (PSPNet, arXiv 1612.01105), as the context (a row of the paper's Table II)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.base import Context
from wsfcn_tf.models.layers import ConvNormReLU, register
from wsfcn_tf.ops import adaptive_average_pool, resize_align_corners

_BINS = (1, 2, 3, 6)


@register
class PPM(Context):
    """Averages over 1, 4, 9 and 36 parts of the map, each 1x1-BN-ReLU, beside the map itself; 3x3, BN, ReLU.

    Args:
        filters, dropout, batch_statistics: see `Context`.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        self.merge = ConvNormReLU(filters, 3)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]; each level gets C / 4 channels."""
        channels = input_shape[-1] // len(_BINS)
        for bins in _BINS:
            level = ConvNormReLU(channels, 1)
            setattr(self, f"level{bins}", level)
            level.build(input_shape)
        self.merge.build((*input_shape[:-1], input_shape[-1] + channels * len(_BINS)))
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        size, features = tf.shape(inputs)[1:3], [inputs]
        for bins in _BINS:
            level = getattr(self, f"level{bins}")
            pooled = level(adaptive_average_pool(inputs, bins), training=batch_statistics)
            features.append(tf.cast(resize_align_corners(pooled, size), inputs.dtype))
        return self.merge(tf.concat(features, axis=-1), training=batch_statistics)
