"""Validation batches: photos and tags of a split, each once and without anything random. Masks are never read."""

import os
from collections.abc import Sequence

import cv2
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.augmentation import central_view
from wsfcn_tf.data.dataset import Dataset
from wsfcn_tf.data.pipeline import NORMALISED


def validation_batches(dataset: Dataset, names: Sequence[str], config: DataConfig, batch_size: int) -> tf.data.Dataset:
    """The photos of `names` in order, as `central_view` shows them; iterate within `pipeline.user_errors()`.

    Args:
        dataset: where photos come from.
        names: the photos.
        config: crop size S and ratio, and workers.
        batch_size: B, of every batch: the last one is filled up with the last photo, so that shapes stay the same.

    Returns:
        A tf.data.Dataset of images, float32 [B,S,S,3], RGB, ImageNet-normalised.
    """
    filled = -len(names) % batch_size

    def view(index: np.int64) -> np.ndarray:
        return cv2.LUT(central_view(dataset.image(names[index]), config), NORMALISED)

    def load(index: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.numpy_function(view, [index], tf.float32), (config.crop_size, config.crop_size, 3))

    options = tf.data.Options()
    options.autotune.enabled = False  # see `training_batches`
    return (
        tf.data.Dataset.from_tensor_slices(np.append(np.arange(len(names)), np.full(filled, len(names) - 1)))
        .map(load, num_parallel_calls=config.workers or os.cpu_count(), deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .prefetch(1)
        .with_options(options)
    )
