"""Rematerialisation: features that backpropagation computes anew rather than keeps (Chen et al., arXiv 1604.06174)."""

from typing import Any

import keras
import tensorflow as tf


def call_block(
    block: keras.layers.Layer, inputs: tf.Tensor, rematerialise: bool, *, training: bool, **kwargs: Any
) -> tf.Tensor:
    """Calls a block of a backbone.

    Args:
        block: a layer from one tensor to one. What it updates when it is called, such as the running statistics of a
            BatchNorm that is not frozen, would be updated twice by rematerialisation.
        inputs: its input.
        rematerialise: keep nothing but `inputs` for backpropagation, which then calls the block a second time.
        training: see the block; outside training there is nothing to keep.
        **kwargs: the block's other arguments.
    """
    if not (rematerialise and training):
        return block(inputs, training=training, **kwargs)
    return tf.recompute_grad(lambda x: block(x, training=True, **kwargs))(inputs)
