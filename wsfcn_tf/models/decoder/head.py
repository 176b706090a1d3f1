"""The segmentation head: two convolutions and a classifier per pixel."""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.layers import ConvNormReLU, Layer, SeededDropout, conv, register


@register
class Head(Layer):
    """3x3-BN-ReLU-dropout 0.5, 3x3-BN-ReLU-dropout 0.1, 1x1 with bias (release's `last_conv`).

    Args:
        filters: inner channels (the release: 256).
        num_classes: foreground classes.
        dropout: whether the two dropouts drop anything in training.
        batch_statistics: False keeps the BatchNorms' running statistics in training, too.
    """

    def __init__(
        self, filters: int, num_classes: int, dropout: bool = True, batch_statistics: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.block1 = ConvNormReLU(filters, 3)
        self.dropout1 = SeededDropout(0.5 if dropout else 0.0, name=f"{self.name}_dropout1")
        self.block2 = ConvNormReLU(filters, 3)
        self.dropout2 = SeededDropout(0.1 if dropout else 0.0, name=f"{self.name}_dropout2")
        self.classifier = conv(
            num_classes,
            1,
            use_bias=True,
            # torch's default bias is drawn like the kernel, from the fan-in, which a bias alone does not know
            bias_initializer=keras.initializers.RandomUniform(-(filters**-0.5), filters**-0.5),
        )

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        inner = (*input_shape[:-1], self.settings["filters"])
        self.block1.build(input_shape)
        self.block2.build(inner)
        self.classifier.build(inner)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tf.Tensor:
        """[B, H, W, C] -> foreground logits [B, H, W, num_classes]."""
        batch_statistics = training and self.settings["batch_statistics"]
        features = self.dropout1(self.block1(inputs, training=batch_statistics), training=training, seed=seed)
        features = self.dropout2(self.block2(features, training=batch_statistics), training=training, seed=seed)
        return self.classifier(features)
