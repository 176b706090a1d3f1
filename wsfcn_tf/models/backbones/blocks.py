"""Backbones that are rows of blocks.

With rematerialisation, backpropagation computes the blocks' features anew rather than keeps them (Chen et al., arXiv
1604.06174).
"""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.layers import Layer


class BlockBackbone(Layer):
    """A row of blocks with something before and behind it; subclasses have the setting `rematerialise`.

    A block is a layer from one tensor to one, with an attribute `channels`: the result's.

    Attributes:
        block_names: in order; each block is the attribute of that name.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block_names: list[str] = []

    def add_block(self, block: keras.layers.Layer) -> None:
        """Holds a block by attribute: Keras 3 does not track what is in a list for tf.train.Checkpoint."""
        setattr(self, block.name, block)
        self.block_names.append(block.name)

    def blocks(self) -> list[keras.layers.Layer]:
        """In order."""
        return [getattr(self, name) for name in self.block_names]

    def build_blocks(self, channels: int) -> int:
        """Builds them for an input of so many channels; returns the last one's."""
        for block in self.blocks():
            block.build((None, None, None, channels))
            channels = block.channels
        return channels

    def call_blocks(self, features: tf.Tensor, low_block: str, **options: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """[B, H, W, C] to what the block `low_block` returns and what the last one does; `options` as `call_block`."""
        low = features
        for block in self.blocks():
            features = call_block(block, features, self.settings["rematerialise"], **options)
            if block.name == low_block:
                low = features
        return low, features


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
