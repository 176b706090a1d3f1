"""From a dataset's photos and tags to training batches: tf.data around NumPy, Pillow and OpenCV. Masks are never read.

The stream is a pure function of (seed, epoch): each epoch's order and each photo's augmentation have random generators
of their own, so that neither the number of workers nor the epoch at which training resumes changes anything.
"""

import atexit
import gc
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.augmentation import augment
from wsfcn_tf.data.dataset import Dataset
from wsfcn_tf.errors import UserError
from wsfcn_tf.ops.normalise import normalise

# TensorFlow waits for an iterator's workers before it frees the iterator, and they wait for Python: an iterator that an
# interrupted `fit` left in a reference cycle has to go while the interpreter still runs, or the process never ends.
atexit.register(gc.collect)


def training_batches(
    dataset: Dataset,
    names: Sequence[str],
    config: DataConfig,
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    epochs: int = 1,
) -> tf.data.Dataset:
    """The batches of `epochs` epochs from `first_epoch` on; an epoch's incomplete last batch is dropped.

    Iterate within `user_errors()`, so that an unreadable photo is reported as what it is; and do not keep a half-used
    iterator in a global: it would keep the process from ending.

    Args:
        dataset: where photos and tags come from.
        names: the photos to train on.
        config: crop size S and augmentation.
        batch_size: photos per batch, B.
        seed: of order and augmentation.
        first_epoch: number of the first epoch, counted from 0; the stream is the tail of the one that starts at 0.
        epochs: how many epochs to yield.

    Returns:
        A tf.data.Dataset of (images float32 [B,S,S,3], RGB, ImageNet-normalised; tags float32 [B,C] in {0, 1};
        names string [B]).

    Raises:
        UserError: there are fewer photos than one batch takes.
    """
    examples_per_epoch = steps_per_epoch(names, batch_size) * batch_size
    names_by_index = tf.constant(list(names))

    def order(epoch: np.int64) -> np.ndarray:
        return np.random.default_rng([seed, epoch]).permutation(len(names))[:examples_per_epoch]

    def example(epoch: np.int64, index: np.int64) -> tuple[np.ndarray, np.ndarray]:
        name = names[index]
        view = augment(dataset.image(name), np.random.default_rng([seed, epoch, index]), config)
        return view, dataset.tags(name)

    def epoch_indices(epoch: tf.Tensor) -> tf.data.Dataset:
        indices = tf.numpy_function(order, [epoch], tf.int64)
        return tf.data.Dataset.from_tensor_slices(indices).map(lambda index: (epoch, index))

    def load(epoch: tf.Tensor, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        view, tags = tf.numpy_function(example, [epoch, index], (tf.uint8, tf.float32))
        view = tf.ensure_shape(view, (config.crop_size, config.crop_size, 3))
        tags = tf.ensure_shape(tags, (len(dataset.class_names),))
        return normalise(tf.cast(view, tf.float32) / 255), tags, names_by_index[index]

    options = tf.data.Options()
    options.autotune.enabled = False  # ending an iterator waits, for up to a minute, for the tuner's thread to wake up
    workers = os.cpu_count()
    return (
        tf.data.Dataset.range(first_epoch, first_epoch + epochs)
        .flat_map(epoch_indices)
        .map(load, num_parallel_calls=workers, deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .prefetch(2)
        .with_options(options)
    )


def steps_per_epoch(names: Sequence[str], batch_size: int) -> int:
    """The number of complete batches in one pass over `names`. Raises UserError if there is none."""
    if len(names) < batch_size:
        raise UserError(
            f"there are {len(names)} training images, fewer than one batch of {batch_size}: lower training.batch_size"
        )
    return len(names) // batch_size


@contextmanager
def user_errors() -> Iterator[None]:
    """Around the iteration over batches: a UserError raised while loading a photo arrives as that UserError.

    TensorFlow's runtime carries a Python exception across as text only, `UserError: message`, within one of its own.
    """
    try:
        yield
    except tf.errors.OpError as error:
        found = re.search(rf"\b{UserError.__name__}: (.*)", error.message)
        if found is None:
            raise
        raise UserError(found[1]) from None
