"""The plain CAM classifier (Zhou et al., arXiv 1512.04150), which the SSSS release calls its baseline model."""

from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.backbones import build_backbone
from wsfcn_tf.models.layers import SeededDropout, conv, register
from wsfcn_tf.models.network import Network
from wsfcn_tf.ops import resize_align_corners

_BACKGROUND = 0.1


@register
class CAMClassifier(Network):
    """Backbone, channel dropout 0.5, global average, 1x1 without bias; its masks are class activation maps.

    Args:
        config: the network's settings; `num_classes` must be set. Those of context, fusion and gate do not count.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(replace(config, networks=1), **kwargs)
        self.backbone = build_backbone(self.config)
        self.dropout = SeededDropout(0.5 if config.dropout else 0.0, spatial=True, name="dropout")
        self.classifier = conv(config.num_classes, 1, kernel_initializer=keras.initializers.GlorotUniform())

    def build_layers(self, input_shape: tuple) -> None:
        """Builds every layer; `input_shape` is [B, H, W, 3], its sides may be None."""
        self.backbone.build(input_shape)
        self.classifier.build((None, None, None, self.backbone.high_channels))

    @tf.autograph.experimental.do_not_convert  # it branches on no tensor: converting all of its source takes seconds
    def call(self, images: tf.Tensor, training: bool = False, seed: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """Runs the network.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB.
            training: dropout, and batch statistics where they are not frozen.
            seed: int32 [2] that fixes dropout; None draws from TensorFlow's global generator.

        Returns:
            logits: float32 [B, h, w, 1 + C] at the backbone's output stride: class activations, background 0.
            scores: float32 [B, C], before the sigmoid.
            masks: float32 [B, H, W, 1 + C]: the activations at the images' size (align-corners), not negative,
                divided by 1e-5 + each class's maximum; background 0.1.
        """
        _, high = self.backbone(images, training=training, seed=seed)
        dropped = self.dropout(high, training=training, seed=seed)
        scores = self.classifier(tf.reduce_mean(dropped, axis=[1, 2], keepdims=True))[:, 0, 0]
        activations = tf.cast(self.classifier(high), tf.float32)
        maps = tf.nn.relu(resize_align_corners(activations, tf.shape(images)[1:3]))
        maps = maps / (1e-5 + tf.reduce_max(maps, axis=[1, 2], keepdims=True))
        background = tf.zeros_like(activations[..., :1])
        return {
            "logits": tf.concat([background, activations], axis=-1),
            "scores": tf.cast(scores, tf.float32),
            "masks": tf.concat([tf.fill(tf.shape(maps[..., :1]), _BACKGROUND), maps], axis=-1),
        }
