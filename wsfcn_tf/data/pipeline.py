"""From a dataset's photos and tags to batches: tf.data around NumPy, OpenCV and Numba. Masks come if they are given.

The training stream is a pure function of the seed: the order of each pass over the photos and each photo's augmentation
have generators of their own, so that neither the number of workers and hosts nor the step at which training resumes
changes anything. Epochs are pieces of this stream, a pass each unless their length is given.
"""

import atexit
import gc
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.augmentation.photo_views import View, augment, central_view
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.photos.bad_photos import BadPhotos, read_or_replace
from wsfcn_tf.data.photos.saliency import saliency as saliency_of
from wsfcn_tf.data.training_masks.known_mask import KnownMask
from wsfcn_tf.data.training_masks.sampling import masks_per_batch, order_with_share
from wsfcn_tf.data.training_masks.training_masks import TrainingMasks
from wsfcn_tf.errors import UserError
from wsfcn_tf.ops.normalise import normalise

# TensorFlow waits for an iterator's workers before it frees the iterator, and they wait for Python: an iterator that an
# interrupted `fit` left in a reference cycle has to go while the interpreter still runs, or the process never ends.
atexit.register(gc.collect)

# what each of the 256 levels becomes in each channel: float32 [1,256,3]
NORMALISED = normalise(np.arange(256, dtype=np.float32)[None, :, None] / np.float32(255))
# marks the generators of replacements, so that they are not those of the views
_REPLACEMENT = 1
# marks those of a photo that a pass shows again
_AGAIN = 2


def training_batches(
    dataset: Dataset,
    names: Sequence[str],
    config: DataConfig,
    *,
    batch_size: int,
    seed: int,
    first_epoch: int = 0,
    first_step: int = 0,
    epochs: int = 1,
    steps_per_epoch: int | None = None,
    shard: tuple[int, int] = (0, 1),
    devices: int = 1,
    bad_photos: BadPhotos | None = None,
    saliency: bool = False,
    masks: TrainingMasks | None = None,
) -> tf.data.Dataset:
    """The batches of `epochs` epochs from `first_epoch` on; the incomplete last batch of a pass is dropped.

    Iterate within `user_errors()`, so that an unreadable photo is reported as what it is; and do not keep a half-used
    iterator in a global: it would keep the process from ending.

    Args:
        dataset: where photos and tags come from.
        names: the photos to train on.
        config: crop size S, augmentation, workers, and what to do about photos that cannot be read.
        batch_size: photos per step over all shards and devices.
        seed: of order and augmentation.
        first_epoch: number of the first epoch, counted from 0; the stream is the tail of the one that starts at 0.
        first_step: so many steps of the first epoch are left out; their photos are not opened.
        epochs: how many epochs to yield, the first included.
        steps_per_epoch: how long an epoch is; None is one pass over the photos, `steps_per_pass`.
        shard: (index, count): the part of each step that this pipeline loads, where `count` pipelines share the steps.
        devices: how many devices take this pipeline's part of a step; each gets a batch of its own, one after another.
        bad_photos: where photos that cannot be read are noted for their epoch, with `config.on_bad_image` "skip".
        saliency: whether images have a fourth channel, the view of the whole photo's `saliency` in [-1, 1], which
            `self_supervision.saliency` needs.
        masks: what is known of the photos' pixels, and their tags; the views are the same without.

    Returns:
        A tf.data.Dataset of (images float32 [B,S,S,3 or 4], RGB, ImageNet-normalised; tags float32 [B,C] in {0, 1};
        names string [B]), with B = batch_size / (count * devices). With `masks`, {"tags": tags, "masks": uint8
        [B,S,S], 0..C, 255 = unknown} is in the tags' place, and where they have it "trust": float32 [B,S,S].

    Raises:
        UserError: there are fewer photos than one batch takes, or it cannot be shared evenly.
    """
    (part, parts), steps = shard, steps_per_pass(names, batch_size)
    epoch_steps = steps_per_epoch or steps
    first, end = first_epoch * epoch_steps + first_step, (first_epoch + epochs) * epoch_steps
    if batch_size % (parts * devices):
        raise UserError(f"training.batch_size is {batch_size}: make it a multiple of the {parts * devices} devices")
    names_by_index = tf.constant(list(names))
    bad_photos = BadPhotos() if bad_photos is None else bad_photos

    has_mask, with_masks = None, 0
    if masks is not None and config.mask_share is not None:
        has_mask = masks.has_mask()
        with_masks = masks_per_batch(config.mask_share, has_mask, batch_size)
    planes = 0 if masks is None else 1 + masks.has_trust  # labels, and how far they are trusted
    types = (tf.float32, tf.int64, tf.float32, *(tf.uint8, tf.float32)[:planes])

    def order(pass_number: np.int64) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([seed, pass_number])
        if has_mask is None:
            indices = rng.permutation(len(names))[: steps * batch_size]
        else:
            indices = order_with_share(rng, has_mask, steps, batch_size, with_masks)
        numbers = np.arange(max(first, pass_number * steps), min(end, (pass_number + 1) * steps))  # of the run's steps
        photos = indices.reshape(steps, parts, batch_size // parts)[numbers % steps, part]
        return photos.reshape(-1), np.repeat(numbers // epoch_steps, batch_size // parts)

    def example(pass_number: np.int64, turn_and_index: np.int64, epoch: np.int64) -> tuple[np.ndarray, ...]:
        turn, index = divmod(turn_and_index, len(names))
        if config.on_bad_image == "skip":
            drawing = np.random.default_rng([seed, pass_number, index, _REPLACEMENT])
            used, image = read_or_replace(index, names, dataset.image, drawing, bad_photos, int(epoch))
        else:
            used, image = index, dataset.image(names[index])
        cue = saliency_of(image) if saliency else None
        known = () if masks is None else _mask_of(names[used], image, masks)
        rng = np.random.default_rng([seed, pass_number, index, *([_AGAIN, turn] if turn else [])])
        view = augment(image, rng, config, cue, known)
        tags = (dataset if masks is None else masks).tags(names[used])
        return _normalised(view), np.int64(used), tags, *view.masks

    def photos_of(pass_number: tf.Tensor) -> tf.data.Dataset:
        indices, epochs_of = tf.numpy_function(order, [pass_number], (tf.int64, tf.int64))
        return tf.data.Dataset.from_tensor_slices((indices, epochs_of)).map(lambda *photo: (pass_number, *photo))

    def load(*photo: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | dict[str, tf.Tensor], tf.Tensor]:
        image, used, tags, *known = tf.numpy_function(example, photo, types)
        size = config.crop_size, config.crop_size
        image, tags = tf.ensure_shape(image, (*size, 3 + saliency)), tf.ensure_shape(tags, (len(dataset.class_names),))
        known = {name: tf.ensure_shape(value, size) for name, value in zip(("masks", "trust"), known, strict=False)}
        return image, {"tags": tags, **known} if known else tags, names_by_index[tf.ensure_shape(used, ())]

    options = tf.data.Options()
    options.autotune.enabled = False  # ending an iterator waits, for up to a minute, for the tuner's thread to wake up
    return (
        tf.data.Dataset.range(first // steps, -(-end // steps))
        .flat_map(photos_of)
        .map(load, num_parallel_calls=config.workers or os.cpu_count(), deterministic=True)
        .batch(batch_size // (parts * devices), drop_remainder=True)
        .prefetch(2 * devices)
        .with_options(options)
    )


def validation_batches(
    dataset: Dataset, names: Sequence[str], config: DataConfig, batch_size: int, *, saliency: bool = False
) -> tf.data.Dataset:
    """The photos of `names` in order, as `central_view` shows them; iterate within `user_errors()`.

    Args:
        dataset: where photos come from.
        names: the photos.
        config: crop size S and ratio, and workers.
        batch_size: B, of every batch: the last one is filled up with the last photo, so that shapes stay the same.
        saliency: whether images have it as their fourth channel, as in `training_batches`.

    Returns:
        A tf.data.Dataset of images, float32 [B,S,S,3 or 4], RGB, ImageNet-normalised.
    """
    filled = -len(names) % batch_size

    def view(index: np.int64) -> np.ndarray:
        image = dataset.image(names[index])
        return _normalised(central_view(image, config, saliency_of(image) if saliency else None))

    def load(index: tf.Tensor) -> tf.Tensor:
        shape = config.crop_size, config.crop_size, 3 + saliency
        return tf.ensure_shape(tf.numpy_function(view, [index], tf.float32), shape)

    options = tf.data.Options()
    options.autotune.enabled = False  # see `training_batches`
    return (
        tf.data.Dataset.from_tensor_slices(np.append(np.arange(len(names)), np.full(filled, len(names) - 1)))
        .map(load, num_parallel_calls=config.workers or os.cpu_count(), deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .prefetch(1)
        .with_options(options)
    )


def _normalised(view: View) -> np.ndarray:
    """float32 [S,S,3], or [S,S,4] with a cue."""
    image = cv2.LUT(view.image, NORMALISED)
    return image if view.cue is None else np.dstack([image, view.cue])


def _mask_of(name: str, image: np.ndarray, masks: TrainingMasks) -> tuple[np.ndarray, ...]:
    """Labels [H,W] of a photo [H,W,3], all 255 if nothing is known, and trust if some masks have it.

    Raises:
        UserError: the mask's size is not the photo's.
    """
    mask = masks.mask(name) or KnownMask(np.full(image.shape[:2], IGNORE, np.uint8))
    if mask.labels.shape != image.shape[:2]:
        sides = "x".join(map(str, mask.labels.shape[::-1])), "x".join(map(str, image.shape[1::-1]))
        raise UserError(f"{name}: its mask is {sides[0]} pixels, the photo {sides[1]}: they have to be of one size")
    return (mask.labels, mask.full_trust()) if masks.has_trust else (mask.labels,)


def steps_per_pass(names: Sequence[str], batch_size: int) -> int:
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
