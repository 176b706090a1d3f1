"""Feature extractors: images -> (stride-4 feature, last feature)."""

import keras

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.models.backbones.resnet import ResNet
from wsfcn_tf.models.backbones.vgg16 import VGG16
from wsfcn_tf.models.backbones.wide_resnet38 import WideResNet38


def build_backbone(config: ModelConfig) -> keras.layers.Layer:
    """The layer that `config` asks for.

    Returns:
        A layer with `low_channels`, `high_channels` and
        call(images, training, seed) -> (low at stride 4, high at the output stride).
    """
    if config.backbone == "wide_resnet38":
        return WideResNet38(config.width, config.dropout, config.from_scratch, config.rematerialise, name="backbone")
    output_stride = config.output_stride or 16
    if config.backbone == "vgg16":
        return VGG16(output_stride, config.from_scratch, name="backbone")
    if config.backbone.startswith("efficientnet_lite"):
        version = int(config.backbone.removeprefix("efficientnet_lite"))
        return EfficientNetLite(version, output_stride, config.from_scratch, config.rematerialise, name="backbone")
    depth = int(config.backbone.removeprefix("resnet"))
    return ResNet(depth, output_stride, config.from_scratch, config.rematerialise, name="backbone")
