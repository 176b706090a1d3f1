"""PyTorch state dicts in and out of Keras models, strictly: every name and every shape is accounted for."""

import operator
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

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
    slots = _slots(model, _modules(model))
    return {name: np.asarray(slot.variable).transpose(np.argsort(slot.axes)) for name, slot in slots.items()}


def without_prefix(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """The same entries without DataParallel's `module.` before their names."""
    return {name.removeprefix("module."): value for name, value in state_dict.items()}


def variables_of(root: object, modules: Mapping[str, str]) -> dict[str, Any]:
    """The variables of the layers that `modules` names, {name in the state dict: variable}.

    Args:
        root: the layer or model that the paths start from.
        modules: {module of the state dict: attribute path of the layer}, see `name_map`.
    """
    return {name: slot.variable for name, slot in _slots(root, modules).items()}


def assign_state_dict(root: object, state_dict: Mapping[str, np.ndarray], modules: Mapping[str, str]) -> None:
    """Sets the variables of the layers that `modules` names.

    Args:
        root: the layer or model that the paths start from.
        state_dict: {name: array}, without prefix.
        modules: {module of the state dict: attribute path of the layer}, see `name_map`.

    Raises:
        UserError: a name is missing or unexpected, or a shape differs. Nothing is set then.
    """
    slots = _slots(root, modules)
    used = {name for name in state_dict if not any(re.fullmatch(unused, name) for unused in name_map.UNUSED)}
    complaints = {
        "missing": sorted(slots.keys() - used),
        "unexpected": sorted(used - slots.keys()),
        "mis-shaped": [
            f"{name} {tuple(np.shape(state_dict[name]))} for {slots[name].shape}"
            for name in sorted(used & slots.keys())
            if tuple(np.shape(state_dict[name])) != slots[name].shape
        ],
    }
    if any(complaints.values()):
        raise UserError("the state dict does not fit the model: " + _summary(complaints))
    for name, slot in slots.items():
        slot.variable.assign(np.asarray(state_dict[name]).transpose(slot.axes))


def _modules(model: Network) -> dict[str, str]:
    modules = name_map.modules_of(model.config)
    if modules is None or model.config.networks > 1:
        raise UserError(
            "only WS-FCN (context fca, fusion sf2) and the SSSS baseline (aspp, gci) on wide_resnet38 have a release "
            "in PyTorch, and one network each; this model is another"
        )
    return modules


_VECTOR, _KERNEL, _DEPTHWISE = (0,), (2, 3, 1, 0), (2, 3, 0, 1)


class _Slot(NamedTuple):
    """A variable, and which axes of PyTorch's tensor are its axes."""

    variable: Any
    axes: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """PyTorch's."""
        return tuple(self.variable.shape[axis] for axis in np.argsort(self.axes))


def _slots(root: object, modules: Mapping[str, str]) -> dict[str, _Slot]:
    """{name in the state dict: where it goes}, for the layers that `modules` names."""
    return {
        f"{module}.{suffix}": slot
        for module, path in modules.items()
        for suffix, slot in _tensors(operator.attrgetter(path)(root)).items()
    }


def _tensors(layer: keras.layers.Layer) -> dict[str, _Slot]:
    """A layer's variables under PyTorch's names."""
    if isinstance(layer, keras.layers.BatchNormalization):
        variables = {"weight": layer.gamma, "bias": layer.beta} if layer.scale else {}
        variables |= {"running_mean": layer.moving_mean, "running_var": layer.moving_variance}
        return {name: _Slot(variable, _VECTOR) for name, variable in variables.items()}
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return {"weight": _Slot(layer.weights[0], _DEPTHWISE)}  # an attribute of another name on each generation
    kernel = {"weight": _Slot(layer.kernel, _KERNEL)}
    if isinstance(layer, TapConv) or not layer.use_bias:
        return kernel
    return kernel | {"bias": _Slot(layer.bias, _VECTOR)}


def _summary(complaints: Mapping[str, list[str]]) -> str:
    parts = []
    for kind, names in complaints.items():
        if names:
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            parts.append(f"{len(names)} {kind} ({', '.join(names[:_LISTED])}{more})")
    return "; ".join(parts)
