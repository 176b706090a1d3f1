"""Feature extractors: images -> (shallow feature, last feature)."""

from typing import Any

import keras

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.models.backbones.hub.backbone import KerasHubBackbone
from wsfcn_tf.models.backbones.resnet import ResNet
from wsfcn_tf.models.backbones.vgg16 import VGG16
from wsfcn_tf.models.backbones.wide_resnet38 import WideResNet38


def build_backbone(config: ModelConfig) -> keras.layers.Layer:
    """The layer that `config` asks for; one of KerasHub by `preset_config` alone.

    Returns:
        A layer with `low_channels`, `high_channels` and
        call(images, training, seed) -> (low at the low stride, high at the output stride).
    """
    if config.backbone == "wide_resnet38":
        return WideResNet38(config.width, config.dropout, config.from_scratch, config.rematerialise, name="backbone")
    if config.backbone == "keras_hub":
        return KerasHubBackbone(
            config.preset_config,
            config.output_stride,
            config.low_stride,
            config.from_scratch,
            config.lora_rank,
            name="backbone",
        )
    options: dict[str, Any] = {
        "output_stride": config.output_stride or 16,
        "from_scratch": config.from_scratch,
        "low_stride": config.low_stride,
        "name": "backbone",
    }
    if config.backbone == "vgg16":
        return VGG16(**options)
    if config.backbone.startswith("efficientnet_lite"):
        version = int(config.backbone.removeprefix("efficientnet_lite"))
        return EfficientNetLite(version, rematerialise=config.rematerialise, **options)
    depth = int(config.backbone.removeprefix("resnet"))
    return ResNet(depth, rematerialise=config.rematerialise, **options)
