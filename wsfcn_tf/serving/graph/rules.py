"""The rules of `wsfcn_tf.inference.rules` inside a graph, and labels of a large photo from small masks."""

import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.rules import channel_weights
from wsfcn_tf.ops import resize_half_pixel


def apply_rules(masks: tf.Tensor, scores: tf.Tensor, config: InferenceConfig) -> tf.Tensor:
    """Adjusts masks to how frequent classes are, leaves out those that scores say are absent, sets the background's.

    Args:
        masks: float32 [B, H, W, 1 + C] in [0, 1].
        scores: float32 [B, C] in [0, 1], behind the sigmoid.
        config: the rules.

    Returns:
        float32 like `masks`.

    Raises:
        UserError: from `channel_weights`.
    """
    present = tf.cast(scores > config.presence_threshold, tf.float32)
    if config.logit_adjustment > 0:
        masks *= channel_weights(config, masks.shape[-1] - 1)
        masks /= tf.reduce_sum(masks, axis=-1, keepdims=True)
    background = masks[..., :1]
    if config.background == "constant":
        background = tf.fill(tf.shape(background), config.background_value)
    elif config.background == "power":
        background = background**config.background_value
    return tf.concat([background, masks[..., 1:] * present[:, None, None]], axis=-1)


def to_labels(masks: tf.Tensor) -> tf.Tensor:
    """The channel with the largest value of [..., 1 + C], as uint8 [...]; on a tie the lowest."""
    return tf.cast(tf.argmax(masks, axis=-1), tf.uint8)


def labels_at(masks: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """`to_labels` of the masks resized (half-pixel), one channel at a time.

    What it takes does not grow with the number of classes; those that are 0 everywhere cost nothing.

    Args:
        masks: float32 [h, w, 1 + C] in [0, 1].
        size: int32 [2], height and width of the result.

    Returns:
        uint8 [height, width].
    """

    def channel(index: tf.Tensor) -> tf.Tensor:
        chosen = tf.gather(masks, index, axis=2)
        return resize_half_pixel(chosen[None, ..., None], size)[0, ..., 0]

    def step(place: tf.Tensor, best: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        values = channel(found[place])
        wins = values > best
        return place + 1, tf.maximum(values, best), tf.where(wins, tf.cast(found[place], tf.uint8), labels)

    found = tf.where(tf.reduce_max(masks[..., 1:], axis=[0, 1]) > 0)[:, 0] + 1
    start = (tf.constant(0), channel(tf.constant(0)), tf.zeros(size, tf.uint8))
    *_, labels = tf.while_loop(
        lambda place, *_: place < tf.size(found),
        step,
        start,
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None]), tf.TensorShape([None, None])),
        parallel_iterations=1,
    )
    return labels
