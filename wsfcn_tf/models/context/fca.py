"""FCA, flexible context aggregation: MCLM, then SRM (paper section III-B; release)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.context.mclm import MCLM
from wsfcn_tf.models.context.srm import SpatialReweighting
from wsfcn_tf.models.layers import register


@register
class FCA(MCLM):
    """MCLM under spatial attention.

    Args:
        filters, dilations, dropout, batch_statistics: see `MCLM`.
    """

    def __init__(self, filters: int, dilations: tuple[int, int, int, int], **kwargs: Any) -> None:
        super().__init__(filters, dilations, **kwargs)
        self.reweighting = SpatialReweighting()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        self.reweighting.build((*input_shape[:-1], self.filters))
        super().build(input_shape)

    def gather(self, inputs: tf.Tensor, batch_statistics: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, filters]."""
        return self.reweighting(super().gather(inputs, batch_statistics))
