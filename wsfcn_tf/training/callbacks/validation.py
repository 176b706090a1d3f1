"""Losses and scores on the validation split at the end of an epoch: by tags; by masks only if the config asks."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.pipeline import user_errors, validation_batches
from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.evaluation.evaluator import evaluate
from wsfcn_tf.evaluation.metrics.tag_health import (
    TagHealth,
    agreeing_pixels,
    label_areas,
    not_judged,
    tag_health,
    warnings,
)
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import Predict, one_by_one
from wsfcn_tf.models.averaging import averaged
from wsfcn_tf.objective.objective import Objective
from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.callbacks.checkpoint import Checkpoint
from wsfcn_tf.training.callbacks.stop_on_signal import StopOnSignal


class ValidationSplit(NamedTuple):
    """Photos, and their tags, float32 [N, C], or None if they are not known: then there is mIoU only."""

    names: list[str]
    tags: np.ndarray | None


class Validation(keras.callbacks.Callback):
    """Measures the network, or its average, on the validation split, and adds val_* to the epoch's logs.

    Changes no weight, and draws no random number. The losses are those of training on `central_view`s without dropout:
    the release, which measures them on randomly augmented photos, chooses the epoch of the least total. mAP and what
    else tags tell (`TagHealth`) are of the same views. Put it before the callbacks that are to see val_*.

    Args:
        config: the experiment, as resolved.
        dataset: photos, tags and, with `training.validate_miou`, masks.
        split: what to measure on.
        checkpoint: saves the epoch's last step if the measurement ends early, for whatever reason.
        stop: asked between batches.
        callbacks: whose on_test_* are called, as by `model.evaluate`.

    Attributes:
        health: what tags told at the last measurement; None before, and without tags.

    Raises:
        UserError: when it measures, a photo or a mask cannot be read.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        dataset: Dataset,
        split: ValidationSplit,
        checkpoint: Checkpoint | None = None,
        stop: StopOnSignal | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        super().__init__()
        self._config, self._dataset, (self._names, self._tags) = config, dataset, split
        self._checkpoint, self._stop = checkpoint, stop
        self._callbacks = keras.callbacks.CallbackList(list(callbacks))
        self._predict: Predict | None = None
        self.health: TagHealth | None = None
        self._warnings: dict[int, list[str]] = {}  # of the epochs that this process has measured

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Measures, if `training.validate_every` asks for it after this epoch."""
        if not is_validated(self._config, epoch + 1):
            return
        try:
            with averaged(self.model):
                means = self.measure()
        except (UserError, Stopped):
            if self._checkpoint is not None:
                self._checkpoint.save()  # not within: training goes on from the weights, not from their average
            raise
        self._warnings[epoch + 1] = self._found()
        logs.update({f"val_{name}": value for name, value in means.items()})

    def measure(self) -> dict[str, float]:
        """What the model, as it is, comes to."""
        self._callbacks.on_test_begin()
        means = {} if self._tags is None else self._by_tags()
        if self._config.training.validate_miou:
            means |= self._by_masks()
        self._callbacks.on_test_end(means)
        return means

    def warnings(self, epoch: int) -> list[str]:
        """What tags say is wrong with the model, whose weights are those of an epoch, counted from 1.

        It is measured again if this process has not measured that epoch. Without tags there are no warnings.
        """
        if self._tags is not None and epoch not in self._warnings:
            self.measure()
            self._warnings[epoch] = self._found()
        return self._warnings.get(epoch, [])

    def _found(self) -> list[str]:
        return warnings(self.health, self._dataset.class_names) if self.health else []

    def _by_tags(self) -> dict[str, float]:
        self_supervision = self.model.self_supervision
        # an objective of its own: the split may have more tags in a photo than training has
        objective = Objective(
            self._config.self_supervision,
            int(self._tags.sum(axis=1).max()),
            score_offsets=getattr(getattr(self.model, "objective", None), "score_offsets", None),
        )
        threshold, classes = self._config.inference.presence_threshold, self._tags.shape[1]

        def labels(outputs: dict[str, tf.Tensor]) -> tf.Tensor:
            """uint8 [B, H, W], as `TagCollector`'s."""
            background, foreground = tf.split(outputs["masks"], [1, classes], axis=-1)
            present = tf.cast(tf.sigmoid(outputs["scores"]) > threshold, tf.float32)[:, None, None]
            return tf.cast(tf.argmax(tf.concat([background, foreground * present], axis=-1), axis=-1), tf.uint8)

        @tf.function(autograph=False)
        def network(images: tf.Tensor) -> dict[str, tf.Tensor]:
            return self.model(images[..., :3], training=False)  # a fourth channel is saliency

        @tf.function(autograph=False)
        def forward(images: tf.Tensor, tags: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor]:
            outputs, mirrored = network(images), labels(network(tf.reverse(images, [2])))
            values = objective(images, tags, outputs, self_supervision, step=0)
            return values, outputs["scores"], labels(outputs), tf.reverse(mirrored, [2])

        size = self._config.training.batch_size
        batches = validation_batches(
            self._dataset, self._names, self._config.data, size, saliency=self._config.self_supervision.saliency > 0
        )
        totals, scores, areas, agreement = EpochTotals(), [], [], []
        with user_errors():
            for batch, images in enumerate(batches):
                self._callbacks.on_test_batch_begin(batch)
                count = min(size, len(self._names) - batch * size)  # the rest fills up the last batch
                tags = self._tags[batch * size : batch * size + count]
                values, *found = forward(images, np.pad(tags, [(0, size - count), (0, 0)], mode="edge"))
                totals.add({name: value.numpy()[:count] for name, value in values.items()})
                for score, own, mirrored in zip(*(value.numpy()[:count] for value in found), strict=True):
                    scores.append(score)
                    areas.append(label_areas(own, classes))
                    agreement.append(agreeing_pixels(own, mirrored))
                self._callbacks.on_test_batch_end(batch, totals.means())
                self._stop_if_asked()
        self.health = tag_health(np.stack(areas), self._tags, np.stack(scores), np.stack(agreement))
        return totals.means() | self.health.columns()

    def _by_masks(self) -> dict[str, float]:
        def on_image(name: str, photo: np.ndarray, truth: np.ndarray, prediction: Prediction) -> None:
            self._stop_if_asked()

        self._predict = self._predict or one_by_one(Predictor(self.model, self._config.inference))
        split = self._config.data.val_split
        return {"miou": evaluate(self._predict, self._dataset, split, on_image=on_image, progress=False).miou}

    def _stop_if_asked(self) -> None:
        if self._stop is not None:
            self._stop.stop_if_asked()


def open_validation_split(
    config: ExperimentConfig, dataset: Dataset, training_names: Sequence[str]
) -> tuple[ValidationSplit | None, list[str]]:
    """What a config wants to be validated on, and lines about what it lacks; None if there is nothing to measure.

    Raises:
        UserError: `training.select` needs what the split has not, or a photo to validate on cannot be read.
    """
    training, split = config.training, config.data.val_split
    if not training.validate_every:
        return None, []
    try:
        names = dataset.names(split)
    except UserError as error:
        if training.select != "last":
            raise
        return None, [f"no validation, and so no warning of masks that go wrong: {error}"]
    notes, tags = [], None
    trained_on = len(set(names) & set(training_names))
    if trained_on:
        notes.append(f"{trained_on} of the {len(names)} photos of {split} are trained on, too: it flatters")
    try:
        tags = np.stack([dataset.tags(name) for name in names])
    except UserError as error:  # masks would give them away, but nothing may learn from masks unasked
        if training.select in ("loss", "map"):
            raise UserError(
                f"training.select is {training.select}, which needs the tags of {split}: {error}"
            ) from error
        notes.append(f"no losses, mAP and warnings on {split}, whose tags are not known (masks are not asked): {error}")
        if not training.validate_miou:
            return None, notes
    if tags is not None and (line := not_judged(tags, dataset.class_names)):
        notes.append(f"{split}: {line}")
    _open_all(dataset, names, config)
    return ValidationSplit(names, tags), notes


def _open_all(dataset: Dataset, names: Sequence[str], config: ExperimentConfig) -> None:
    """Raises UserError if a photo cannot be read: before a training, and not at its end, when they are needed."""

    def look(name: str) -> None:
        dataset.image(name)  # not returned: photos would wait in memory for a slower one before them

    try:
        with ThreadPoolExecutor(config.data.workers) as pool:
            list(pool.map(look, names))
    except UserError as error:
        split = config.data.val_split
        raise UserError(
            f"{error}; it is one of {split}, to validate on: mend it, take it out of {split}, or set "
            "training.validate_every=0"
        ) from None


def is_validated(config: ExperimentConfig, epoch: int) -> bool:
    """Whether an epoch, counted from 1, is one after which `training.validate_every` measures."""
    every = config.training.validate_every
    return every > 0 and (epoch % every == 0 or epoch == config.training.epochs)
