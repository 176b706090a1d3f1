"""Vision transformers: the tokens of their patches as maps.

KerasHub's networks take images of one size, of which DINOv2 interpolates its position embeddings to another, chosen
when it is built. Here the networks' own layers are called one after another on images of any size, and position
embeddings are interpolated to each as DINOv2 does: bicubic, and not at all where the sizes are the same.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.backbones.hub.features import size_of


@dataclass(frozen=True)
class Transformer:
    """The parts of a network.

    Attributes:
        patch: side of a patch, in pixels.
        channels: of a token.
        embed: images to tokens [B, prefix + h w, C]; their sides are multiples of the patch.
        blocks: each (tokens, what `context` gives) -> tokens.
        norm: the last one.
        prefix: tokens before those of the patches.
        context: what the blocks take besides, from the images.
        unused: see `Features`.
    """

    patch: int
    channels: int
    embed: Callable[[tf.Tensor], tf.Tensor]
    blocks: list[Callable[..., tf.Tensor]]
    norm: Callable[[tf.Tensor], tf.Tensor]
    prefix: int
    context: Callable[[tf.Tensor], dict[str, Any]] = lambda images: {}
    unused: list[Any] = field(default_factory=list)


class TokenFeatures:
    """The patches' tokens behind the last block, and those behind a third of the blocks, enlarged to the low stride.

    Both go through the last norm, as in the DINOs' own `get_intermediate_layers`. Sides that are no multiple of the
    patch are stretched to the next one, so that the map covers the whole image.

    Args:
        transformer: the network's parts.
        low_stride: of the shallow feature.
    """

    def __init__(self, transformer: Transformer, low_stride: int) -> None:
        self._transformer, self._low_stride = transformer, low_stride
        self._low_block = max(1, len(transformer.blocks) // 3)
        self.low_channels = self.high_channels = transformer.channels
        self.unused = transformer.unused

    def __call__(self, images: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """See `Features`."""
        parts, (height, width) = self._transformer, size_of(images)
        rows, columns = -(-height // parts.patch), -(-width // parts.patch)
        fitted = tf.image.resize(images, [rows * parts.patch, columns * parts.patch])
        images = tf.cast(fitted, images.dtype)
        context, tokens = parts.context(images), parts.embed(images)
        low = tokens
        for index, block in enumerate(parts.blocks, start=1):
            tokens = block(tokens, **context)
            low = tokens if index == self._low_block else low

        def to_map(tokens: tf.Tensor) -> tf.Tensor:
            patches = parts.norm(tokens)[:, parts.prefix :]
            return tf.reshape(patches, [-1, rows, columns, parts.channels])

        size = [-(-height // self._low_stride), -(-width // self._low_stride)]
        shallow = to_map(low)
        return tf.cast(tf.image.resize(shallow, size), shallow.dtype), to_map(tokens)


def interpolated(positions: Any, grid: tuple[int, int], like: tf.Tensor, antialias: bool = False) -> tf.Tensor:
    """Position embeddings for a map of another size.

    Args:
        positions: [1, rows * columns, C].
        grid: rows and columns.
        like: a map [B, h, w, C].
        antialias: whether a smaller map takes the mean of several.

    Returns:
        [1, h * w, C] of the map's dtype.
    """
    positions = tf.cast(tf.convert_to_tensor(positions), tf.float32)
    positions = tf.reshape(positions, [1, *grid, positions.shape[-1]])
    resized = tf.image.resize(positions, size_of(like), "bicubic", antialias=antialias)
    return tf.cast(tf.reshape(resized, [1, -1, positions.shape[-1]]), like.dtype)


def _flat(patches: tf.Tensor) -> tf.Tensor:
    rows, columns = size_of(patches)
    return tf.reshape(patches, [-1, rows * columns, patches.shape[-1]])


def _before(token: Any, tokens: tf.Tensor) -> tf.Tensor:
    """Tokens [1, n, C] before those of each image."""
    token = tf.cast(tf.convert_to_tensor(token), tokens.dtype)
    return tf.concat([tf.tile(token, [tf.shape(tokens)[0], 1, 1]), tokens], axis=1)


def _rotation(rope: Any, rows: int | tf.Tensor, columns: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """DINOv3's rotary position embeddings: cosine and sine, [rows * columns, head].

    What `rope(images)` gives, which takes no images whose size is unknown while the graph is made.
    """
    periods = rope.rope_theta ** tf.range(0.0, 1.0, 4.0 / rope.head_dim)
    centres = [2.0 * (tf.range(tf.cast(n, tf.float32)) + 0.5) / tf.cast(n, tf.float32) - 1.0 for n in (rows, columns)]
    places = tf.reshape(tf.stack(tf.meshgrid(*centres, indexing="ij"), axis=-1), [-1, 2, 1])
    angles = tf.reshape(2.0 * math.pi * places / periods, [rows * columns, -1])
    angles = tf.tile(angles, [1, 2])
    return tf.cos(angles), tf.sin(angles)


# === Families ===


def _vit(network: keras.Model) -> Transformer:
    start, encoder = network.get_layer("vit_patching_and_embedding"), network.get_layer("vit_encoder")
    patch, prefix = start.patch_size[0], int(start.use_class_token)
    grid = tuple(side // patch for side in start.image_size)

    def embed(images: tf.Tensor) -> tf.Tensor:
        patches = start.patch_embedding(images)
        positions = start.position_embedding.embeddings
        own = interpolated(tf.convert_to_tensor(positions)[None, prefix:], grid, patches)
        tokens = _flat(patches) + own
        return _before(start.class_token + positions[:1], tokens) if prefix else tokens

    return Transformer(patch, network.hidden_dim, embed, encoder.encoder_layers, encoder.layer_norm, prefix)


def _siglip(network: keras.Model) -> Transformer:
    start = network.embedding
    side = start.image_size // start.patch_size

    def embed(images: tf.Tensor) -> tf.Tensor:
        patches = start.patch_embedding(images)
        positions = tf.convert_to_tensor(start.position_embedding.embeddings)[None]
        return _flat(patches) + interpolated(positions, (side, side), patches)

    blocks, norm = network.encoder_layers, network.post_layer_norm
    return Transformer(start.patch_size, network.hidden_dim, embed, blocks, norm, 0, unused=[network.head])


def _dinov2(network: keras.Model) -> Transformer:
    start = network.embeddings
    grid = tuple(side // start.patch_size for side in start.position_embedding_shape)
    antialias, registers = start.antialias_in_interpolation, start.num_register_tokens

    def embed(images: tf.Tensor) -> tf.Tensor:
        patches = start.patch_embeddings.projection(images)
        positions = tf.convert_to_tensor(start.position_embeddings)
        tokens = _flat(patches) + interpolated(positions[:, 1:], grid, patches, antialias)
        tokens = _before(start.register_tokens, tokens) if registers else tokens
        return _before(start.cls_token + positions[:, :1], tokens)

    # KerasHub's file has a single set of position embeddings, whose copy for one size is what it would train.
    unused = [start.interpolated_position_embeddings, *([start.mask_token] if start.use_mask_token else [])]
    return Transformer(
        start.patch_size,
        network.hidden_dim,
        embed,
        network.encoder.layers,
        network.layernorm,
        1 + registers,
        unused=unused,
    )


def _dinov3(network: keras.Model) -> Transformer:
    start = network.embeddings
    prefix = 1 + start.num_register_tokens

    def embed(images: tf.Tensor) -> tf.Tensor:
        tokens = _flat(start.patch_embeddings.projection(images))
        tokens = _before(start.register_tokens, tokens) if start.num_register_tokens else tokens
        return _before(start.cls_token, tokens)

    def context(images: tf.Tensor) -> dict[str, Any]:
        rows, columns = (side // start.patch_size for side in size_of(images))
        rotation = _rotation(network.rope_embedding, rows, columns)
        rotation = tuple(tf.cast(part, images.dtype) for part in rotation)
        return {"position_embeddings": rotation, "num_prefix_tokens": prefix}

    unused = [start.mask_token] if start.use_mask_token else []
    blocks, norm = network.encoder.layers, network.layernorm
    return Transformer(start.patch_size, network.hidden_dim, embed, blocks, norm, prefix, context, unused)


TRANSFORMERS = {
    "ViTBackbone": _vit,
    "SigLIPVisionEncoder": _siglip,
    "DINOV2Backbone": _dinov2,
    "DINOV3Backbone": _dinov3,
}
