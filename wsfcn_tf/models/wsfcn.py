"""WS-FCN, and with another context and fusion its baselines: backbone, context, fusion, gate, head, pooling."""

from dataclasses import replace
from typing import Any

import tensorflow as tf

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.backbones import build_backbone
from wsfcn_tf.models.context import build_context
from wsfcn_tf.models.decoder.head import Head
from wsfcn_tf.models.decoder.pooling import GlobalWeightedPooling
from wsfcn_tf.models.decoder.stochastic_gate import StochasticGate
from wsfcn_tf.models.fusion import build_fusion
from wsfcn_tf.models.layers import conv, register, torch_uniform
from wsfcn_tf.models.network import Network
from wsfcn_tf.ops import resize_align_corners


@register
class WSFCN(Network):
    """Images to masks and image-level scores (paper Fig. 2).

    Args:
        config: the network's settings; `num_classes` must be set.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(replace(config, networks=1), **kwargs)
        self.backbone = build_backbone(self.config)
        if config.low_width is not None:
            self.low_projection = conv(config.low_width, 1, kernel_initializer=torch_uniform())
        self.context = build_context(config)
        self.fusion = build_fusion(config)
        self.gate = StochasticGate(config.gate_psi, name="gate")
        self.batch_statistics = config.decoder_norm == "batch"
        self.head = Head(config.decoder_width, config.num_classes, config.dropout, self.batch_statistics, name="head")
        self.pooling = GlobalWeightedPooling(config.focal_lambda, name="pooling", dtype="float32")

    def build_layers(self, input_shape: tuple) -> None:
        """Builds every layer; `input_shape` is [B, H, W, 3], its sides may be None."""
        low = (None, None, None, self.backbone.low_channels)
        decoder = (None, None, None, self.config.decoder_width)
        self.backbone.build(input_shape)
        if self.config.low_width is not None:
            self.low_projection.build(low)
            low = (None, None, None, self.config.low_width)
        self.context.build((None, None, None, self.backbone.high_channels))
        self.fusion.build([low, decoder])
        self.head.build(decoder)

    @tf.autograph.experimental.do_not_convert  # it branches on no tensor: converting all of its source takes seconds
    def call(self, images: tf.Tensor, training: bool = False, seed: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """Runs the network.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB.
            training: dropout, the gate's draw and batch statistics where they are not frozen.
            seed: int32 [2] that fixes dropout and gate; None draws from TensorFlow's global generator.

        Returns:
            logits: float32 [B, h, w, 1 + C] at the low stride, channel 0 (background) is the constant 1.
            scores: float32 [B, C], before the sigmoid.
            masks: float32 [B, H, W, 1 + C], the logits' softmax at the images' size (align-corners).
        """
        low, high = self.backbone(images, training=training, seed=seed)
        if self.config.low_width is not None:
            low = self.low_projection(low)
        high = self.context(high, training=training, seed=seed)
        # of a fusion, training changes its BatchNorms alone
        shallow, deep = self.fusion([low, high], training=training and self.batch_statistics)
        features = self.gate([deep, shallow], training=training, seed=seed)
        foreground = tf.cast(self.head(features, training=training, seed=seed), tf.float32)
        logits = tf.concat([tf.ones_like(foreground[..., :1]), foreground], axis=-1)
        masks = tf.nn.softmax(logits)
        return {
            "logits": logits,
            "scores": self.pooling([logits, masks]),
            "masks": resize_align_corners(masks, tf.shape(images)[1:3]),
        }
