"""What a KerasHub network gives: two features, whatever kind it is of."""

from typing import Any, Protocol

import keras
import tensorflow as tf

from wsfcn_tf.errors import UserError


class Features(Protocol):
    """Images as the network takes them to two features.

    Attributes:
        low_channels, high_channels: of the features.
        unused: layers and variables of the network that these do not depend on.
    """

    low_channels: int
    high_channels: int
    unused: list[Any]

    def __call__(self, images: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """[B, H, W, 3] to low [B, ceil(H / low stride), ceil(W / low stride), L] and high [B, h, w, D]."""


def open_features(network: keras.Model, output_stride: int | None, low_stride: int) -> Features:
    """How a network of KerasHub is called.

    Args:
        network: as a preset holds it.
        output_stride: of the deep feature; None takes the network's last.
        low_stride: of the shallow one.

    Raises:
        UserError: the network has no such features.
    """
    from wsfcn_tf.models.backbones.hub.mit import MiTFeatures
    from wsfcn_tf.models.backbones.hub.pyramid import PyramidFeatures
    from wsfcn_tf.models.backbones.hub.transformers import TRANSFORMERS, TokenFeatures

    kind = type(network).__name__
    if kind in TRANSFORMERS:
        if output_stride is not None:
            raise UserError(f"model.output_stride: {kind} has one feature for each of its patches; leave it out")
        return TokenFeatures(TRANSFORMERS[kind](network), low_stride)
    if kind == "MiTBackbone":
        return MiTFeatures(network, output_stride, low_stride)
    return PyramidFeatures(network, output_stride, low_stride)


def at_stride(strides: list[int], wanted: int | None, key: str, kind: str) -> int:
    """The last index of a stride among those of a network's levels; None is the deepest.

    Raises:
        UserError: there is no such level.
    """
    if wanted is None:
        return len(strides) - 1
    if wanted not in strides:
        raise UserError(
            f"{key}: {kind} has features at strides {', '.join(map(str, sorted(set(strides))))}, not {wanted}"
        )
    return len(strides) - 1 - strides[::-1].index(wanted)


def size_of(images: tf.Tensor) -> tuple[int | tf.Tensor, int | tf.Tensor]:
    """Height and width, as numbers where they are known while the graph is made."""
    dynamic = tf.shape(images)
    return tuple(dynamic[axis] if images.shape[axis] is None else images.shape[axis] for axis in (1, 2))
