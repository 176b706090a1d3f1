"""Presets: what a backbone is made of, as text that a config keeps, and the weights it starts from."""

import json
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.models.backbones.hub.library import keras_hub

_CONVERTER = "image_converter.json"
_INTERPOLATED = ("ViTBackbone", "SigLIPVisionEncoder", "DINOV2Backbone")  # their position embeddings
# What a network says anew wherever it is built: under these names Keras keeps what belongs to a process or a training.
_NOT_KEPT = ("name", "trainable", "dtype")


class Description(NamedTuple):
    """What a backbone is built from.

    Attributes:
        backbone: what `keras.saving.deserialize_keras_object` takes.
        scale, offset: of each channel, of the preset's image converter: x * scale + offset for RGB x in [0, 255].
    """

    backbone: dict[str, Any]
    scale: tuple[float, float, float]
    offset: tuple[float, float, float]

    @classmethod
    def read(cls, text: str) -> "Description":
        """What `write` wrote. Raises UserError if it is something else."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            raise UserError("model.preset_config: is not what training wrote there; leave it out") from None

    def write(self) -> str:
        """One line of JSON."""
        return json.dumps(self._asdict(), sort_keys=True)

    @property
    def is_for_xla(self) -> bool:
        """Whether XLA can compile the network: it has no bicubic interpolation."""
        return self.backbone.get("class_name") not in _INTERPOLATED


def with_description(config: ModelConfig) -> ModelConfig:
    """The config with `preset_config`, for which the preset is read unless the config has it already.

    Raises:
        UserError: as `read_preset`.
    """
    if config.backbone != "keras_hub" or config.preset_config is not None:
        return config
    if config.preset is None:
        raise UserError("model.backbone keras_hub needs model.preset: a name such as dinov2_small, or a folder")
    return replace(config, preset_config=read_preset(config.preset).write())


def read_preset(preset: str) -> Description:
    """A preset's description, without its weights.

    Raises:
        UserError: there is no such preset, it cannot be had, it does not say how photos are normalised, or KerasHub is
            not at hand.
    """
    network = _vision_part(_load(preset, load_weights=False))
    if isinstance(network.dtype_policy, keras.dtype_policies.DTypePolicyMap):
        raise UserError(f"model.preset: {preset}: is quantised, which cannot be trained; take the preset it is made of")
    return describe(network, _converter(preset))


def describe(network: keras.Model, converter: keras.layers.Layer) -> Description:
    """What a network of KerasHub is made of, and the image converter beside it."""
    described = keras.saving.serialize_keras_object(network)
    described["config"] = {key: value for key, value in described["config"].items() if key not in _NOT_KEPT}
    return Description(described, _channels(converter.scale, 1.0), _channels(converter.offset, 0.0))


def preset_weights(preset: str) -> list[Any]:
    """The variables of a preset's backbone, with its weights, in the order of `keras.Model.weights`.

    Raises:
        UserError: as `read_preset`.
    """
    return _vision_part(_load(preset, load_weights=True)).weights


def _load(preset: str, load_weights: bool) -> keras.Model:
    library = keras_hub()
    known = library.models.Backbone.presets
    if "://" not in preset and preset not in known and not Path(preset).is_dir():
        nearest = get_close_matches(preset, known, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise UserError(f"model.preset: {preset}: is neither a folder nor a preset of KerasHub{hint}")
    try:
        return library.models.Backbone.from_preset(preset, load_weights=load_weights, dtype="float32")
    except Exception as error:  # of KerasHub, Keras, the hubs' clients and HTTP
        raise UserError(f"model.preset: {preset}: cannot be had ({first_line(error)})") from error


def _vision_part(backbone: keras.Model) -> keras.Model:
    """Of a network for images and texts, such as SigLIP, what sees the images."""
    return getattr(backbone, "vision_encoder", backbone)


def _converter(preset: str) -> keras.layers.Layer:
    local = Path(preset) / _CONVERTER
    try:
        if local.is_file():  # KerasHub itself finds none beside half a network
            return keras.saving.deserialize_keras_object(json.loads(local.read_text(encoding="utf-8")))
        return keras_hub().layers.ImageConverter.from_preset(preset)
    except Exception as error:  # as above
        raise UserError(
            f"model.preset: {preset}: its image converter, which says how photos are normalised, cannot be had "
            f"({first_line(error)}); save one beside it: keras_hub.layers.ImageConverter(...).save_to_preset(FOLDER)"
        ) from error


def _channels(value: float | Sequence[float] | None, default: float) -> tuple[float, ...]:
    numbers = np.broadcast_to(np.ravel(default if value is None else value), (3,))
    return tuple(map(float, numbers))
