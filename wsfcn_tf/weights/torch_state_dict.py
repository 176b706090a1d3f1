"""PyTorch state dicts in and out of Keras models, strictly: every name and every shape is accounted for."""

import operator
import re
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.models import Network
from wsfcn_tf.models.context.tap_conv import TapConv
from wsfcn_tf.weights import name_map

_LISTED = 8


def load_torch_state_dict(model: Network, state_dict: Mapping[str, np.ndarray]) -> None:
    """Sets every variable of a WS-FCN or an SSSS baseline from its release's state dict.

    Names may carry DataParallel's `module.` prefix. What the release stores but never uses is dropped (an unused
    BatchNorm per strip branch, BatchNorm's batch counters).

    Args:
        model: from `build_model`, with the checkpoint's settings.
        state_dict: {name: array}; convolution kernels [out, in, kh, kw].

    Raises:
        UserError: a name is missing or unexpected, or a shape differs. Nothing is loaded then.
            Or the model is one that no release has.
    """
    assign_state_dict(model, without_prefix(state_dict), _modules(model))


def to_torch_state_dict(model: Network) -> dict[str, np.ndarray]:
    """The inverse of `load_torch_state_dict`: float32 arrays under the release's names, kernels [out, in, kh, kw].

    Raises:
        UserError: the model is one that no release has.
    """
    return {name: _to_torch(np.asarray(variable)) for name, variable in variables_of(model, _modules(model)).items()}


def without_prefix(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """The same entries without DataParallel's `module.` before their names."""
    return {name.removeprefix("module."): value for name, value in state_dict.items()}


def variables_of(root: object, modules: Mapping[str, str]) -> dict[str, Any]:
    """The variables of the layers that `modules` names, {name in the state dict: variable}.

    Args:
        root: the layer or model that the paths start from.
        modules: {module of the state dict: attribute path of the layer}, see `name_map`.
    """
    return {
        f"{module}.{suffix}": variable
        for module, path in modules.items()
        for suffix, variable in _tensors(operator.attrgetter(path)(root)).items()
    }


def assign_state_dict(root: object, state_dict: Mapping[str, np.ndarray], modules: Mapping[str, str]) -> None:
    """Sets the variables of the layers that `modules` names.

    Args:
        root: the layer or model that the paths start from.
        state_dict: {name: array}, without prefix.
        modules: {module of the state dict: attribute path of the layer}, see `name_map`.

    Raises:
        UserError: a name is missing or unexpected, or a shape differs. Nothing is set then.
    """
    targets = variables_of(root, modules)
    used = {name for name in state_dict if not any(re.fullmatch(unused, name) for unused in name_map.UNUSED)}
    values = {name: _to_keras(np.asarray(state_dict[name])) for name in used & targets.keys()}
    complaints = {
        "missing": sorted(targets.keys() - used),
        "unexpected": sorted(used - targets.keys()),
        "mis-shaped": [
            f"{name} {tuple(state_dict[name].shape)} for {tuple(targets[name].shape)}"
            for name, value in sorted(values.items())
            if value.shape != tuple(targets[name].shape)
        ],
    }
    if any(complaints.values()):
        raise UserError("the state dict does not fit the model: " + _summary(complaints))
    for name, value in values.items():
        targets[name].assign(value)


def _modules(model: Network) -> dict[str, str]:
    modules = name_map.modules_of(model.config)
    if modules is None:
        raise UserError(
            "only WS-FCN (context fca, fusion sf2) and the SSSS baseline (aspp, gci) on wide_resnet38 have a release "
            "in PyTorch; this model is another"
        )
    return modules


def _tensors(layer: keras.layers.Layer) -> dict[str, Any]:
    """A layer's variables under PyTorch's names."""
    if isinstance(layer, keras.layers.BatchNormalization):
        statistics = {"running_mean": layer.moving_mean, "running_var": layer.moving_variance}
        return ({"weight": layer.gamma, "bias": layer.beta} if layer.scale else {}) | statistics
    if isinstance(layer, TapConv) or not layer.use_bias:
        return {"weight": layer.kernel}
    return {"weight": layer.kernel, "bias": layer.bias}


def _to_keras(value: np.ndarray) -> np.ndarray:
    """PyTorch's [out, in, kh, kw] to Keras' [kh, kw, in, out]; vectors stay."""
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value


def _to_torch(value: np.ndarray) -> np.ndarray:
    """Keras' [kh, kw, in, out] to PyTorch's [out, in, kh, kw]; vectors stay."""
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value


def _summary(complaints: Mapping[str, list[str]]) -> str:
    parts = []
    for kind, names in complaints.items():
        if names:
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            parts.append(f"{len(names)} {kind} ({', '.join(names[:_LISTED])}{more})")
    return "; ".join(parts)
