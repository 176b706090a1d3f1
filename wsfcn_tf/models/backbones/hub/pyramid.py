"""Convolutional networks: the features at two strides."""

import math
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.models.backbones.hub.features import at_stride

_DEEPEST = 64
_SIDE = 512  # of an image by whose features strides are told


class PyramidFeatures:
    """Two levels of a network: of its `pyramid_outputs`, or where it has none, the last feature at each stride.

    Strides are told from what comes out, for the names of the levels do not say them.

    Args:
        network: functional, from images [B, H, W, 3] of any size.
        output_stride: of the deep feature; None takes the network's last.
        low_stride: of the shallow one.

    Raises:
        UserError: the network is of another kind or has no such feature.
    """

    def __init__(self, network: keras.Model, output_stride: int | None, low_stride: int) -> None:
        kind = type(network).__name__
        levels = list((getattr(network, "pyramid_outputs", None) or _last_of_each_shape(network)).values())
        if not levels:
            raise UserError(f"model.preset: {kind} gives no maps of features; take one of those in docs/networks.md")
        strides = _strides(network, levels)
        low = levels[at_stride(strides, low_stride, "model.low_stride", kind)]
        high = levels[at_stride(strides, output_stride, "model.output_stride", kind)]
        self._call = keras.Model(network.inputs, [low, high])
        self.low_channels, self.high_channels = low.shape[-1], high.shape[-1]
        used = set(map(id, self._call.layers))
        self.unused = [layer for layer in network.layers if id(layer) not in used]

    def __call__(self, images: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """See `Features`."""
        low, high = self._call(images, training=training)
        return low, high


def _last_of_each_shape(network: keras.Model) -> dict[int, Any]:
    """The last map of each stride, in the order of the layers; averages over the whole image are none."""
    not_maps = keras.layers.InputLayer | keras.layers.ZeroPadding2D
    outputs = [layer.output for layer in network.layers if not isinstance(layer, not_maps)]
    maps = [output for output in outputs if len(getattr(output, "shape", ())) == 4]
    strides = _strides(network, maps) if maps else []
    return {stride: one for stride, one in zip(strides, maps, strict=True) if stride <= _DEEPEST}


def _strides(network: keras.Model, maps: list[Any]) -> list[int]:
    shapes = keras.Model(network.inputs, maps).compute_output_shape((1, _SIDE, _SIDE, 3))
    shapes = [shapes] if len(maps) == 1 and not isinstance(shapes[0], tuple | list) else shapes
    return [2 ** round(math.log2(_SIDE / shape[1])) for shape in shapes]
