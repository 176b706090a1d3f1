"""A network of KerasHub as a backbone."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.models.backbones.hub.features import open_features
from wsfcn_tf.models.backbones.hub.library import keras_hub
from wsfcn_tf.models.backbones.hub.lora import enable_lora
from wsfcn_tf.models.backbones.hub.preset import Description, preset_weights
from wsfcn_tf.models.layers import Layer, register, sublayers
from wsfcn_tf.ops.normalise import IMAGENET_MEAN, IMAGENET_STD

_SHAPES = ("image_shape", "input_shape")  # under these names networks keep the size they take


@register
class KerasHubBackbone(Layer):
    """A network of KerasHub.

    Its dropouts never drop anything: they would draw what a resumed run could not draw again.

    Args:
        description: see `Description`; what the network is made of and how it wants its images.
        output_stride: of the deep feature: the network's level there; None takes its last.
        low_stride: of the shallow feature.
        from_scratch: False freezes every BatchNorm.
        lora_rank: train nothing of it but additions of this rank to its attentions; None trains all of it.

    Attributes:
        network: KerasHub's.

    Raises:
        UserError: KerasHub is not at hand, or the network is of a kind, or lacks a feature, that is asked for.
    """

    def __init__(
        self,
        description: str,
        output_stride: int | None = None,
        low_stride: int = 4,
        from_scratch: bool = False,
        lora_rank: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)  # the input is prepared in float32 under any policy
        described = Description.read(description)
        self.network = _make(described.backbone)
        self._features = open_features(self.network, output_stride, low_stride)
        self.low_channels, self.high_channels = self._features.low_channels, self._features.high_channels
        # With x normalised, 255 (x std + mean) is in [0, 255], which the converter takes: all of it is one affine map.
        scale, offset = (np.asarray(value, np.float64) for value in (described.scale, described.offset))
        self._scale = (255.0 * IMAGENET_STD * scale).astype(np.float32)
        self._offset = (255.0 * IMAGENET_MEAN * scale + offset).astype(np.float32)
        for layer in sublayers(self.network):
            if isinstance(layer, keras.layers.BatchNormalization) and not from_scratch:
                layer.trainable = False
            if hasattr(layer, "rate"):
                layer.rate = 0.0
        if lora_rank is not None:
            enable_lora(self.network, lora_rank)
        for part in self._features.unused:
            part.trainable = False
            for weight in getattr(part, "weights", ()):  # LoRA's as well
                weight.trainable = False

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, 3]; the network is built already."""
        super().build(input_shape)

    def call(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """ImageNet-normalised RGB to the two features that the decoder uses; no randomness.

        Args:
            images: float32 [B, H, W, 3].
            training: batch statistics where they are not frozen.
            seed: no matter here.

        Returns:
            low [B, ceil(H / low stride), ceil(W / low stride), L]; high [B, h, w, D].
        """
        prepared = images * self._scale + self._offset
        return self._features(tf.cast(prepared, self.compute_dtype), training=training)

    def load_preset(self, preset: str) -> None:
        """Sets the weights to those of the preset that the description is of.

        Raises:
            UserError: as `read_preset`, or it is another network's.
        """
        ours = [weight for weight in self.network.weights if not weight.name.startswith("lora_kernel")]
        theirs = preset_weights(preset)
        if [weight.shape for weight in ours] != [weight.shape for weight in theirs]:
            raise UserError(f"model.preset: {preset}: is not the network that model.preset_config describes")
        for weight, value in zip(ours, theirs, strict=True):
            weight.assign(value)


def _make(described: dict[str, Any]) -> keras.Model:
    """The network, with fresh weights, for images of any size where convolutions allow it."""
    keras_hub()  # knows the classes
    # one name in every process: others are numbered as they come
    config = {**described["config"], "name": "network"}
    if not described["class_name"].startswith(("ViT", "SigLIP", "DINO", "MiT")):
        config |= {key: [None, None, 3] for key in _SHAPES if config.get(key) is not None}
    try:
        return keras.saving.deserialize_keras_object({**described, "config": config})
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"model.preset_config: the installed KerasHub cannot make it: {' '.join(str(error).split())[:200]}"
        ) from error
