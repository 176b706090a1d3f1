"""What Keras hands to a training step, batches and weights, and the loss scale that some of its optimisers want."""

import keras
import tensorflow as tf


def unpacked(data: tuple) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]:
    """Images, tags and the weight of each image's loss or None, of what `fit` is given.

    Raises:
        ValueError: there are no tags.
    """
    if not isinstance(data, tuple) or len(data) < 2 or data[1] is None:
        raise ValueError("fit and evaluate take photos and tags: pass y=tags, float32 [N, C], or batches of both")
    images, tags, *rest = data
    if not rest or rest[0] is None or rest[0].dtype == tf.string:  # names of photos
        return images, tags, None
    return images, tags, tf.reshape(tf.cast(rest[0], tf.float32), [-1])


def weighted(values: dict[str, tf.Tensor], sample_weight: tf.Tensor | None) -> dict[str, tf.Tensor]:
    """Per-image values {name: float32 [B]}, of which "loss" is multiplied by float32 [B]."""
    return values if sample_weight is None else {**values, "loss": values["loss"] * sample_weight}


def scaled(optimizer: keras.optimizers.Optimizer, loss: tf.Tensor) -> tf.Tensor:
    """The loss that an optimiser wants differentiated: for float16, at a scale."""
    for name in ("scale_loss", "get_scaled_loss"):  # Keras 3 and `GroupedSGD`; Keras 2's LossScaleOptimizer
        if hasattr(optimizer, name):
            return getattr(optimizer, name)(loss)
    return loss


def unscaled(optimizer: keras.optimizers.Optimizer, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """The gradients that `apply_gradients` takes: only Keras 2's LossScaleOptimizer does not divide by the scale."""
    return optimizer.get_unscaled_gradients(gradients) if hasattr(optimizer, "get_unscaled_gradients") else gradients
