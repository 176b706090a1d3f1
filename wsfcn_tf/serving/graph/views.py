"""The views of the section `inference` inside a graph, as `wsfcn_tf.inference.predictor` takes them."""

from collections.abc import Callable, Mapping
from functools import partial

import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.ops import resize_half_pixel
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.serving.graph.window import through_window


def mean_of_views(
    model: Callable[..., Mapping[str, tf.Tensor]], images: tf.Tensor, config: InferenceConfig
) -> tuple[tf.Tensor, tf.Tensor]:
    """The mean of the views' masks, and each class's best score.

    Args:
        model: as `build_model` returns it; called as `model(images, training=False)`.
        images: uint8 [B, H, W, 3].
        config: the views.

    Returns:
        masks, float32 [B, *looked_at_size, 1 + C] in [0, 1], before the rules; scores, float32 [B, C], before the
        sigmoid.
    """
    size = looked_at_size(images, config)
    masks, scores = [], []
    for scale in config.scales:
        view = _scaled(images, scale, config)
        for mirrored in (False, True) if config.flip else (False,):
            found, score = _look(model, view, mirrored)
            masks.append(resize_half_pixel(found, size))
            scores.append(score)
    window = (config.window_side, round(config.tile_overlap * config.window_side), masks[0].shape[-1])
    for scale in config.window_scales:
        view = _scaled(images, scale, config)
        for mirrored in (False, True) if config.flip else (False,):
            seen = partial(_masks, model, mirrored=mirrored)
            masks.append(resize_half_pixel(through_window(seen, view, *window), size))
    return tf.add_n(masks) / len(masks), tf.reduce_max(tf.stack(scores), axis=0)


def _look(
    model: Callable[..., Mapping[str, tf.Tensor]], view: tf.Tensor, mirrored: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Masks and scores of uint8 [B, h, w, 3], or those that its mirror image gives it."""
    seen = tf.reverse(view, [2]) if mirrored else view
    outputs = model(normalise(tf.cast(seen, tf.float32) / 255.0), training=False)
    found = tf.cast(outputs["masks"], tf.float32)
    return tf.reverse(found, [2]) if mirrored else found, tf.cast(outputs["scores"], tf.float32)


def _masks(model: Callable[..., Mapping[str, tf.Tensor]], view: tf.Tensor, mirrored: bool) -> tf.Tensor:
    return _look(model, view, mirrored)[0]


def looked_at_size(images: tf.Tensor, config: InferenceConfig) -> tf.Tensor:
    """int32 [2]: height and width of photos [B, H, W, 3] as `inference.photo_side` has them."""
    return scaled_size(tf.shape(images)[1:3], _looking_scale(images, config))


def _looking_scale(images: tf.Tensor, config: InferenceConfig) -> tf.Tensor | float:
    if config.photo_side is None:
        return 1.0
    longer = tf.cast(tf.reduce_max(tf.shape(images)[1:3]), tf.float64)
    return tf.clip_by_value(longer, config.photo_side / 2, config.photo_side) / longer


def _scaled(images: tf.Tensor, scale: float, config: InferenceConfig) -> tf.Tensor:
    if scale == 1 and config.photo_side is None:
        return images
    return resize_bicubic(images, scaled_size(tf.shape(images)[1:3], scale * _looking_scale(images, config)))


def scaled_size(size: tf.Tensor, scale: tf.Tensor | float) -> tf.Tensor:
    """int32 [2]: max(1, round(side * scale)), halves to the even number, as `wsfcn_tf.inference.views.scaled` does."""
    return tf.maximum(tf.cast(tf.round(tf.cast(size, tf.float64) * scale), tf.int32), 1)


def resize_bicubic(images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Pillow's antialiased bicubic, columns first and rounded in between; differs from Pillow in ties of rounding.

    Args:
        images: uint8 [B, H, W, 3].
        size: int32 [2], the new height and width.

    Returns:
        uint8 [B, height, width, 3].
    """
    columns = _to_uint8(tf.image.resize(images, [tf.shape(images)[1], size[1]], "bicubic", antialias=True))
    return _to_uint8(tf.image.resize(columns, size, "bicubic", antialias=True))


def _to_uint8(values: tf.Tensor) -> tf.Tensor:
    # half up, as Pillow; tf.round takes halves to the even number
    return tf.cast(tf.clip_by_value(tf.floor(values + 0.5), 0.0, 255.0), tf.uint8)
