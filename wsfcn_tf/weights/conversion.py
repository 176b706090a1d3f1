"""From PyTorch checkpoints of the releases to `.weights.h5` files, and back."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from wsfcn_tf.config import ExperimentConfig, ModelConfig
from wsfcn_tf.data.tags.class_names import COCO, VOC
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing
from wsfcn_tf.models import build_model
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.models.backbones.wide_resnet38 import WideResNet38
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.weights.backbone import save_backbone
from wsfcn_tf.weights.imagenet import Backbone, assign_imagenet
from wsfcn_tf.weights.torch_file import read_torch_file, write_torch_file
from wsfcn_tf.weights.torch_state_dict import (
    load_torch_state_dict,
    to_torch_state_dict,
    without_prefix,
)
from wsfcn_tf.weights.trained import load_trained

Kind = Literal["imagenet", "efficientnet_lite0", "efficientnet_lite2", "ssss", "wsfcn"]

_NETWORKS = {"wsfcn": ("fca", "sf2"), "ssss": ("aspp", "gci")}
_BACKBONES: dict[str, Callable[[], Backbone]] = {
    "imagenet": lambda: WideResNet38(name="backbone"),
    "efficientnet_lite0": lambda: EfficientNetLite(0, name="backbone"),
    "efficientnet_lite2": lambda: EfficientNetLite(2, name="backbone"),
}
_CLASS_NAMES = {len(names): names for names in (VOC, COCO)}
_SUFFIX = ".weights.h5"


def detect_kind(names: Mapping[str, np.ndarray]) -> Kind:
    """What a state dict is, by its tensors' names (without prefix).

    Raises:
        UserError: none that can be converted.
    """
    if "_conv_stem.weight" in names:
        return "efficientnet_lite2" if "_blocks.16._depthwise_conv.weight" in names else "efficientnet_lite0"
    if "conv1a.weight" in names:
        if any(name.startswith("fca.") for name in names):
            return "wsfcn"
        if any(name.startswith("aspp.") for name in names):
            return "ssss"
        if not any(name.startswith("last_conv.") for name in names):
            return "imagenet"
    raise UserError(
        f"not a WideResNet-38, a network on it, or an EfficientNet-Lite: its {len(names)} tensors begin with "
        f"{', '.join(list(names)[:3])}"
    )


def convert_checkpoint(
    source: str | Path,
    target: str | Path,
    kind: Literal["auto"] | Kind = "auto",
    class_names: tuple[str, ...] | None = None,
    report: Callable[[str], None] = print,
) -> None:
    """Writes the weights of a PyTorch checkpoint as `.weights.h5`.

    Beside a whole network's weights come config.yaml and classes.txt, so that `evaluate` and `predict` take the file; a
    backbone's file is for the key training.weights.

    Args:
        source: the checkpoint; see `read_torch_file`.
        target: the file to write, `….weights.h5`; its folder is made.
        kind: what the checkpoint is; "auto" tells it by its tensors' names.
        class_names: of the foreground; None takes VOC's for 20 classes and COCO's for 80.
        report: gets one line for each thing done.

    Raises:
        UserError: the file cannot be read, its names or shapes are not those of the kind, its number of classes is
            neither VOC's nor COCO's and no names are given, or the folder holds another network. Nothing is written.
    """
    target = Path(target)
    if not target.name.endswith(_SUFFIX):
        raise UserError(f"{target}: the file to write must end in {_SUFFIX} (or in .pth, from weights of ours)")
    state_dict = without_prefix(read_torch_file(source))
    try:
        kind = detect_kind(state_dict) if kind == "auto" else kind
        report(f"{source}: {kind}, {len(state_dict)} tensors")
        if kind in _BACKBONES:
            _convert_backbone(state_dict, target, kind, report)
        else:
            _convert_network(state_dict, target, kind, class_names, report)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    report(f"written: {target}")


def convert_back(source: str | Path, target: str | Path, report: Callable[[str], None] = print) -> None:
    """Writes a trained network as a PyTorch state dict, which the release's code loads strictly.

    Args:
        source: a run's folder or a `.weights.h5` file in one.
        target: the file to write.
        report: gets one line for each thing done.

    Raises:
        UserError: nothing trained there, or a network that no release has.
    """
    trained = load_trained(source)
    state_dict = to_torch_state_dict(trained.model)
    if trained.model.config.context == "fca":
        state_dict |= _unused_norms(trained.model.config.decoder_width)
    report(f"{trained.weights}: {len(state_dict)} tensors, {len(trained.class_names)} classes")
    write_torch_file(target, state_dict)
    report(f"written: {target}")


def _convert_backbone(
    state_dict: dict[str, np.ndarray], target: Path, kind: Kind, report: Callable[[str], None]
) -> None:
    backbone = _BACKBONES[kind]()
    backbone.build((None, None, None, 3))
    classifier = assign_imagenet(backbone, state_dict)
    if classifier:
        report(f"left out: ImageNet's classifier ({', '.join(classifier)})")
    save_backbone(backbone, target)


def _convert_network(
    state_dict: dict[str, np.ndarray],
    target: Path,
    kind: Kind,
    class_names: tuple[str, ...] | None,
    report: Callable[[str], None],
) -> None:
    context, fusion = _NETWORKS[kind]
    classes = len(state_dict.get("last_conv.8.bias", ()))
    if not classes:
        raise UserError(f"not a {kind} checkpoint: there is no last_conv.8.bias in it")
    class_names = class_names or _CLASS_NAMES.get(classes)
    if class_names is None:
        raise UserError(f"{classes} classes are neither VOC's 20 nor COCO's 80: give their names with --classes FILE")
    if len(class_names) != classes:
        raise UserError(f"{classes} classes, but {len(class_names)} names were given")
    config = ExperimentConfig(model=ModelConfig(context=context, fusion=fusion, num_classes=classes))
    folder = RunFolder(target.parent)
    if folder.is_run and folder.read() != (config, class_names):
        raise UserError(f"{target.parent}: holds another network's config.yaml; write to another folder")
    model = build_model(config.model)
    load_torch_state_dict(model, state_dict)
    with replacing(target) as temporary:
        model.save_weights(temporary)
    folder.create(config, class_names)
    report(f"{classes} classes: {', '.join(class_names[:3])}, …; config.yaml and classes.txt are beside the weights")


def _unused_norms(channels: int) -> dict[str, np.ndarray]:
    """The BatchNorm of each strip branch that the release's module has and never calls."""
    values = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}
    return {
        f"fca.fca{branch}.bn.{suffix}": np.full(channels, value, np.float32)
        for branch in (1, 2, 3, 4)
        for suffix, value in values.items()
    }
