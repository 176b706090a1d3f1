"""MiT, the backbone of SegFormer (arXiv 2105.15203).

KerasHub's takes square images of the size that it was built for. Here its layers are called on maps of any size.
"""

import math

import keras
import tensorflow as tf

from wsfcn_tf.models.backbones.hub.features import at_stride, size_of


class MiTFeatures:
    """The features behind two stages.

    Args:
        network: a `MiTBackbone`.
        output_stride: of the deep feature; None takes the last stage's.
        low_stride: of the shallow one.

    Raises:
        UserError: there are no such stages.
    """

    def __init__(self, network: keras.Model, output_stride: int | None, low_stride: int) -> None:
        kind, norms = type(network).__name__, [layer for layer in network.layers if _is_norm(layer)]
        self._stages = [
            (
                network.get_layer(f"patch_and_embed_{stage}"),
                [network.get_layer(f"hierarchical_encoder_{stage}_{block}") for block in range(blocks)],
                norms[stage],
            )
            for stage, blocks in enumerate(network.layerwise_depths)
        ]
        strides = [math.prod(start.stride for start, _, _ in self._stages[: i + 1]) for i in range(len(self._stages))]
        self._low = at_stride(strides, low_stride, "model.low_stride", kind)
        self._high = at_stride(strides, output_stride, "model.output_stride", kind)
        self.low_channels, self.high_channels = (network.hidden_dims[stage] for stage in (self._low, self._high))
        behind = self._stages[max(self._low, self._high) + 1 :]
        self.unused = [layer for start, blocks, norm in behind for layer in (start, *blocks, norm)]

    def __call__(self, images: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """See `Features`."""
        features, maps = images, []
        for start, blocks, norm in self._stages[: max(self._low, self._high) + 1]:
            features = start.norm(start.proj(start.padding(features)))
            for block in blocks:
                features = features + _attention(block.attn, block.norm1(features))
                features = features + _mix(block.mlp, block.norm2(features))
            features = norm(features)
            maps.append(features)
        return maps[self._low], maps[self._high]


def _is_norm(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.LayerNormalization)


def _attention(attention: keras.layers.Layer, features: tf.Tensor) -> tf.Tensor:
    """[B, H, W, C] to the same; keys and values are of a map that is smaller by `sr_ratio`."""
    reduced = attention.norm(attention.sr(features)) if attention.sr_ratio > 1 else features
    queries, keys, values = (
        _heads(layer(tokens), attention.num_heads)
        for layer, tokens in ((attention.q, features), (attention.k, reduced), (attention.v, reduced))
    )
    weights = tf.nn.softmax(tf.matmul(queries, keys, transpose_b=True) * attention.scale)
    mixed = tf.transpose(tf.matmul(weights, values), [0, 2, 1, 3])
    return attention.proj(tf.reshape(mixed, [-1, *size_of(features), features.shape[-1]]))


def _heads(features: tf.Tensor, heads: int) -> tf.Tensor:
    """[B, h, w, C] -> [B, heads, h w, C / heads]."""
    rows, columns = size_of(features)
    tokens = tf.reshape(features, [-1, rows * columns, heads, features.shape[-1] // heads])
    return tf.transpose(tokens, [0, 2, 1, 3])


def _mix(mlp: keras.layers.Layer, features: tf.Tensor) -> tf.Tensor:
    return mlp.fc2(keras.ops.gelu(mlp.dwconv(mlp.fc1(features))))
