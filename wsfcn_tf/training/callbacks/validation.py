"""Losses and scores on the validation split at the end of an epoch: by tags; by masks only if the config asks."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.pipeline import user_errors, validation_batches
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.evaluator import evaluate
from wsfcn_tf.evaluation.metrics.formulas import mean_average_precision
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import Predict, one_by_one
from wsfcn_tf.models import Network
from wsfcn_tf.objective.objective import Objective
from wsfcn_tf.training.totals import EpochTotals


class Validation:
    """Measures a network on the validation split. Changes no weight, and draws no random number.

    The losses are those of training on `central_view`s without dropout: the release, which measures them on randomly
    augmented photos, chooses the epoch of the least total. mAP is of the same views' scores.

    Args:
        config: the experiment, as resolved.
        dataset: photos, tags and, with `training.validate_miou`, masks.
        names: of the split.
        tags: float32 [N, C] of these, or None if they are not known: then there is mIoU only.
    """

    def __init__(self, config: ExperimentConfig, dataset: Dataset, names: list[str], tags: np.ndarray | None) -> None:
        self._config, self._dataset, self._names, self._tags = config, dataset, names, tags
        self._predict: Predict | None = None
        if tags is not None:  # an objective of its own: the split may have more tags in a photo than training has
            self._objective = Objective(config.self_supervision, int(tags.sum(axis=1).max()))

    def measure(self, model: Network, self_supervision: bool, between: Callable[[], None]) -> dict[str, float]:
        """The epoch's row for the table.

        Args:
            model: as it is after the epoch.
            self_supervision: whether the epoch had the mask loss.
            between: called between batches; what it raises ends the measurement.

        Raises:
            UserError: a photo or a mask cannot be read.
        """
        means = {} if self._tags is None else self._by_tags(model, self_supervision, between)
        return means | (self._by_masks(model, between) if self._config.training.validate_miou else {})

    def _by_tags(self, model: Network, self_supervision: bool, between: Callable[[], None]) -> dict[str, float]:
        @tf.function
        def forward(images: tf.Tensor, tags: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            outputs = model(images, training=False)
            return self._objective(images, tags, outputs, self_supervision, step=0), outputs["scores"]

        size = self._config.training.batch_size
        batches = validation_batches(self._dataset, self._names, self._config.data, size)
        totals, scores = EpochTotals(), []
        with user_errors():
            for first, images in zip(range(0, len(self._names), size), batches, strict=True):
                count = min(size, len(self._names) - first)  # the rest fills up the last batch
                tags = self._tags[first : first + count]
                values, found = forward(images, np.pad(tags, [(0, size - count), (0, 0)], mode="edge"))
                totals.add({name: value.numpy()[:count] for name, value in values.items()})
                scores.append(found.numpy()[:count])
                between()
        return totals.means() | {"map": mean_average_precision(self._tags, np.concatenate(scores))}

    def _by_masks(self, model: Network, between: Callable[[], None]) -> dict[str, float]:
        def on_image(name: str, photo: np.ndarray, truth: np.ndarray, prediction: Prediction) -> None:
            between()

        self._predict = self._predict or one_by_one(Predictor(model, self._config.inference))
        split = self._config.data.val_split
        return {"miou": evaluate(self._predict, self._dataset, split, on_image=on_image, progress=False).miou}


def open_validation(
    config: ExperimentConfig, dataset: Dataset, training_names: list[str]
) -> tuple[Validation | None, list[str]]:
    """The validation that a config asks for, and lines about what it lacks; None if there is nothing to measure.

    Raises:
        UserError: `training.select` needs what the split has not.
    """
    training, split = config.training, config.data.val_split
    if not training.validate_every:
        return None, []
    try:
        names = dataset.names(split)
    except UserError as error:
        if training.select != "last":
            raise
        return None, [f"no validation: {error}"]
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
        notes.append(f"no losses and no mAP on {split}, whose tags are not known (masks are not asked): {error}")
        if not training.validate_miou:
            return None, notes
    return Validation(config, dataset, names, tags), notes


def is_validated(config: ExperimentConfig, epoch: int) -> bool:
    """Whether an epoch, counted from 1, is one after which `training.validate_every` measures."""
    every = config.training.validate_every
    return every > 0 and (epoch % every == 0 or epoch == config.training.epochs)
