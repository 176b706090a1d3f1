"""One large convolution as the context (a row of the paper's Table II)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.base import Context
from wsfcn_tf.models.layers import ConvNormReLU, register

_KERNEL = 7


@register
class LargeKernel(Context):
    """7x7, BN, ReLU.

    Args:
        filters, dropout, batch_statistics: see `Context`.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(filters, **kwargs)
        self.merge = ConvNormReLU(filters, _KERNEL)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.merge.build(input_shape)
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        return self.merge(inputs, training=batch_statistics)
