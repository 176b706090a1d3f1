"""KerasHub presets of tiny networks with random weights, and what is skipped where there is no KerasHub."""

import importlib.util

import keras
import pytest

from wsfcn_tf.models.backbones.hub.preset import describe

HAS_KERAS_HUB = not keras.__version__.startswith("2.") and importlib.util.find_spec("keras_hub") is not None
needs_keras_hub = pytest.mark.skipif(not HAS_KERAS_HUB, reason="KerasHub needs Keras 3 and requirements-keras-hub.txt")


def _resnet(hub):
    return hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 8, 16, 24],
        stackwise_num_blocks=[1, 1, 1, 1],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
        image_shape=(32, 32, 3),
    ), hub.layers.ResNetImageConverter(scale=1 / 255, offset=[-0.4, -0.5, -0.6])


def _efficientnet(hub):
    return hub.models.EfficientNetBackbone(
        stackwise_width_coefficients=[1.0] * 5,
        stackwise_depth_coefficients=[1.0] * 5,
        stackwise_kernel_sizes=[3] * 5,
        stackwise_num_repeats=[1] * 5,
        stackwise_input_filters=[8, 8, 8, 16, 16],
        stackwise_output_filters=[8, 8, 16, 16, 24],
        stackwise_expansion_ratios=[1, 4, 4, 4, 4],
        stackwise_squeeze_and_excite_ratios=[0.25] * 5,
        stackwise_strides=[1, 2, 2, 2, 2],
        stackwise_block_types=["v1"] * 5,
    ), hub.layers.EfficientNetImageConverter(scale=[1 / 58, 1 / 57, 1 / 57], offset=[-2.1, -2.0, -1.8])


def _mobilenet(hub):
    """Has no `pyramid_outputs`."""
    return hub.models.MobileNetBackbone(
        stackwise_expansion=[[16, 24], [32], [40], [48]],
        stackwise_num_blocks=[2, 1, 1, 1],
        stackwise_num_filters=[[8, 8], [16], [16], [24]],
        stackwise_kernel_size=[[3, 3], [5], [5], [5]],
        stackwise_num_strides=[[2, 1], [2], [2], [2]],
        stackwise_se_ratio=[[None, None], [0.25], [0.3], [0.3]],
        stackwise_activation=[["relu", "relu"], ["hard_swish"], ["hard_swish"], ["hard_swish"]],
        stackwise_padding=[[1, 1], [2], [2], [2]],
        depthwise_filters=8,
        depthwise_stride=1,
        depthwise_residual=False,
        squeeze_and_excite=0.5,
        input_num_filters=8,
        output_num_filters=32,
        last_layer_filter=32,
        input_activation="hard_swish",
        output_activation="hard_swish",
    ), hub.layers.MobileNetImageConverter(scale=1 / 127.5, offset=-1.0)


def _mit(hub):
    return hub.models.MiTBackbone(
        layerwise_depths=[1, 2, 1, 1],
        num_layers=4,
        layerwise_num_heads=[1, 2, 2, 2],
        layerwise_sr_ratios=[8, 4, 2, 1],
        max_drop_path_rate=0.1,
        layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2],
        hidden_dims=[8, 16, 16, 24],
        image_shape=(64, 64, 3),
    ), hub.layers.MiTImageConverter(scale=1 / 255)


_TRANSFORMER = {"num_layers": 3, "num_heads": 2, "hidden_dim": 16}


def _vit(hub):
    network = hub.models.ViTBackbone(
        image_shape=(32, 32, 3), patch_size=8, mlp_dim=32, dropout_rate=0.1, **_TRANSFORMER
    )
    return network, hub.layers.ViTImageConverter(scale=1 / 127.5, offset=-1.0, image_size=(32, 32))


def _dinov2(hub):
    network = hub.models.DINOV2Backbone(
        patch_size=7,
        intermediate_dim=32,
        num_register_tokens=2,
        drop_path_rate=0.1,
        image_shape=(42, 42, 3),
        position_embedding_shape=(42, 42),
        **_TRANSFORMER,
    )
    return network, hub.layers.DINOV2ImageConverter(scale=1 / 255)


def _dinov3(hub):
    network = hub.models.DINOV3Backbone(patch_size=8, intermediate_dim=32, image_shape=(32, 32, 3), **_TRANSFORMER)
    return network, hub.layers.DINOV3ImageConverter(scale=1 / 255)


def _siglip(hub):
    network = hub.models.SigLIPVisionEncoder(patch_size=8, intermediate_dim=32, image_shape=(32, 32, 3), **_TRANSFORMER)
    return network, hub.layers.SigLIPImageConverter(scale=1 / 127.5, offset=-1.0)


_MAKERS = {
    "resnet": _resnet,
    "efficientnet": _efficientnet,
    "mobilenet": _mobilenet,
    "mit": _mit,
    "vit": _vit,
    "dinov2": _dinov2,
    "dinov3": _dinov3,
    "siglip": _siglip,
}
PYRAMIDS, TRANSFORMERS = ("resnet", "efficientnet", "mobilenet", "mit"), ("vit", "dinov2", "dinov3", "siglip")


def made(name):
    """KerasHub's network and image converter."""
    import keras_hub

    keras.utils.set_random_seed(1)
    return _MAKERS[name](keras_hub)


def write_preset(name, folder, converter=True):
    """Writes what KerasHub's `save_to_preset` does; returns the network."""
    network, images = made(name)
    network.save_to_preset(str(folder))
    if converter:
        images.save_to_preset(str(folder))
    return network


def description(name):
    """What a config says of such a network."""
    return describe(*made(name)).write()
