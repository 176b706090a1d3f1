"""What is trained on what: all that has to hold before a training begins, and how a run's folder begins."""

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.pipeline import steps_per_pass
from wsfcn_tf.data.training_masks.sampling import masks_per_batch
from wsfcn_tf.data.training_masks.training_masks import TrainingMasks, open_training_masks
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_text
from wsfcn_tf.inference.photo_cues import by_tags, decided_by_tags, mostly_one_tag
from wsfcn_tf.inference.views import SizeWatch
from wsfcn_tf.models.backbones.hub.preset import Description, with_description
from wsfcn_tf.objective.objective import log_odds
from wsfcn_tf.runs.checkpoints import TrainingState, read_state, recover
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.training_data import check_training_data, fingerprint, write_training_data
from wsfcn_tf.training.callbacks.validation import ValidationSplit, open_validation_split
from wsfcn_tf.training.distribution import check_agreement, check_devices, copy_validation, is_chief, wait_for_all
from wsfcn_tf.weights.precision import fastest_precision


@dataclass(frozen=True)
class Experiment:
    """A config and its data, opened.

    Attributes:
        config: as resolved.
        dataset: where photos and tags come from.
        run: the folder that earlier parts of the run have written to.
        strategy: the devices.
        names: of the training photos.
        tags: float32 [N, C] of these.
        masks: what is known of their pixels; None if training opens no masks.
        steps: of an epoch.
        split: what to validate on; None is nothing.
        notes: lines for whoever trains.
    """

    config: ExperimentConfig
    dataset: Dataset
    run: RunFolder
    strategy: tf.distribute.Strategy
    names: list[str]
    tags: np.ndarray
    masks: TrainingMasks | None
    steps: int
    split: ValidationSplit | None
    notes: list[str]

    def begin(self, own: RunFolder) -> TrainingState:
        """Writes what makes a folder a run's, unless it is one, and returns where the run is.

        Args:
            own: `run`, or where a worker that is not the chief writes.

        Raises:
            UserError: the last checkpoint cannot be read, or workers see different ones.
        """
        start = read_state(self.run)
        where = f"epoch {start.epoch}, step {start.step}"
        check_agreement(self.strategy, "where the run is", where, "give all of them the same folders")
        copy_validation(self.run, own)
        if not own.is_run:
            own.create(self.config, self.dataset.class_names)
        write_training_data(own.training_data, self.names, self.tags, self.dataset.class_names, _checksums(self.masks))
        return start

    def facts(self, own: RunFolder) -> dict[str, Any]:
        """What the run's record is to hold; the config itself is in config.yaml."""
        data = {"images": len(self.names), "fingerprint": fingerprint(own.training_data)}
        if isinstance(self.dataset, LayoutFolder):  # which data.format auto does not say
            data |= {"layout": self.dataset.layout, "notes": list(self.dataset.notes)}
        return {
            "devices": self.strategy.num_replicas_in_sync,
            "batch_size": self.config.training.batch_size,
            "seed": self.config.training.seed,
            "data": data,
        }


def open_experiment(
    config: ExperimentConfig, dataset: Dataset, run: RunFolder, strategy: tf.distribute.Strategy, resume: bool
) -> Experiment:
    """Checks that a training can begin or go on; writes nothing, but sets damaged checkpoints aside.

    Raises:
        UserError: it cannot.
    """
    training = config.training
    names = dataset.names(config.data.train_split)
    one_pass = steps_per_pass(names, training.batch_size)
    steps = training.steps_per_epoch or one_pass
    masks = open_training_masks(dataset, config.data, names)
    tags = np.stack([(masks or dataset).tags(name) for name in names])
    if masks and config.data.mask_share is not None:
        masks_per_batch(config.data.mask_share, masks.has_mask(), training.batch_size)
    run.check(config, dataset.class_names, resume)
    check_training_data(run.training_data, names, tags, dataset.class_names, _checksums(masks))
    split, notes = open_validation_split(config, dataset, names)
    notes = [*(masks.notes if masks else ()), *notes, *_size_warnings(config, dataset, names[0])]
    if training.steps_per_epoch:
        notes.append(_passes(training.epochs * steps / one_pass, len(names)))
    check_devices(strategy, training.batch_size, training.accumulation_steps)
    check_agreement(strategy, "training.precision", training.precision, "set it to one of these")
    if is_chief(strategy):
        notes += recover(run)
    wait_for_all(strategy)  # the others look for checkpoints when damaged ones are set aside
    last = run.latest_checkpoint()
    if last and last.steps > steps:
        raise UserError(
            f"{last.folder}: was saved after {last.steps} steps of an epoch that now has {steps}, because there are "
            "fewer photos; delete this folder to resume from the checkpoint before"
        )
    return Experiment(config, dataset, run, strategy, names, tags, masks, steps, split, notes)


def _size_warnings(config: ExperimentConfig, dataset: Dataset, name: str) -> list[str]:
    """Whether a photo will be looked at in a size that training does not show: before it has cost a training."""
    lines: list[str] = []
    with suppress(UserError):  # one that cannot be read is told of in its turn
        SizeWatch(config.data, config.inference, lines.append).see(name, dataset.image(name))
    return [f"warning: {line}" for line in lines]


def _passes(number: float, photos: int) -> str:
    """What `training.steps_per_epoch` comes to."""
    what = f"training.epochs and steps_per_epoch are {number:.2f} passes over the {photos} photos"
    return what if number >= 1 else f"{what}: some are never seen, raise training.epochs"


def _checksums(masks: TrainingMasks | None) -> list[str | None] | None:
    return None if masks is None else [known.checksum for known in masks.known.values()]


def resolve(config: ExperimentConfig, dataset: Dataset, run: RunFolder) -> ExperimentConfig:
    """The config with what data and hardware decide: number of classes, precision "auto", what tags tell, preset.

    What tags tell are `self_supervision.rounds` and `inference.photo_cues` where they are "tags", and log-odds.

    Args:
        config: the experiment as it was asked for.
        dataset: its data.
        run: if it has begun, or a round before it, what was decided then, whatever the hardware is now.

    Raises:
        UserError: the config asks for another number, or the preset cannot be had or not with XLA.
    """
    config, classes = with_rounds(config, dataset, run), len(dataset.class_names)
    if config.model.num_classes not in (None, classes):
        raise UserError(
            f"model.num_classes is {config.model.num_classes}, but the data has {classes} classes; leave it out"
        )
    model, training = replace(config.model, num_classes=classes), config.training
    begun = run.newest_round(config.self_supervision.rounds)
    earlier = begun.read()[0] if begun else None
    if training.precision == "auto":
        training = replace(training, precision=earlier.training.precision if earlier else fastest_precision())
    inference, known_tags = config.inference, cache(lambda: _known_tags(config, dataset))
    if inference.logit_adjustment > 0 and inference.class_log_odds is None:
        begun_with = earlier.inference.class_log_odds if earlier else None
        inference = replace(inference, class_log_odds=begun_with or tuple(log_odds(known_tags()).round(4).tolist()))
    if inference.photo_cues == "tags":
        if earlier and earlier.inference in by_tags(inference):
            inference = earlier.inference
        else:
            inference = decided_by_tags(inference, known_tags())
    if earlier and model.preset_config is None and model.preset == earlier.model.preset:
        model = replace(model, preset_config=earlier.model.preset_config)
    model = with_description(model)
    if training.xla and model.preset_config is not None and not Description.read(model.preset_config).is_for_xla:
        raise UserError(
            f"training.xla: XLA cannot interpolate the position embeddings of {model.preset}; leave it out, or take "
            "another model.preset, such as one of DINOv3"
        )
    return replace(config, model=model, training=training, inference=inference)


def with_rounds(config: ExperimentConfig, dataset: Dataset, run: RunFolder) -> ExperimentConfig:
    """The config with what `self_supervision.rounds: tags` comes to, as that key says; what a run began with stays."""
    if config.self_supervision.rounds != "tags":
        return config
    if _rounds_by_tags(config, dataset, run) == 1:
        return replace(config, self_supervision=replace(config.self_supervision, rounds=1))
    model = replace(config.model, networks=max(1, config.model.networks - 1))
    self_supervision = replace(config.self_supervision, rounds=2, known_balance=None)
    return replace(config, model=model, self_supervision=self_supervision)


def told_by_tags(asked: ExperimentConfig, resolved: ExperimentConfig) -> str:
    """What `resolve` made of keys that are "tags", for whoever trains; "" without any."""
    found = []
    if asked.self_supervision.rounds == "tags":
        found.append(f"self_supervision.rounds {resolved.self_supervision.rounds}")
        found.append(f"model.networks {resolved.model.networks}")
    if asked.inference.photo_cues == "tags":
        found.append(f"inference.photo_cues {resolved.inference.photo_cues}")
        found.append(f"inference.saliency {resolved.inference.saliency:g}")
        found.append(f"inference.grab_cut {resolved.inference.grab_cut}")
    return f"what the config leaves to tags came to: {', '.join(found)}" if found else ""


def _rounds_by_tags(config: ExperimentConfig, dataset: Dataset, run: RunFolder) -> int:
    if run.is_run:
        return run.read()[0].self_supervision.rounds
    if run.round(1).is_run:
        return 2
    if config.data.masks == "train" or config.data.pseudo_masks:
        return 1
    return 2 if mostly_one_tag(_known_tags(config, dataset)) else 1


def _known_tags(config: ExperimentConfig, dataset: Dataset) -> np.ndarray:
    """Tags [N, C] of the training photos that have some, or are known to have none."""
    known = [np.zeros((0, len(dataset.class_names)), np.float32)]
    for name in dataset.names(config.data.train_split):
        with suppress(UserError):  # with a mask, it needs no tags; without, `open_experiment` tells
            known.append(dataset.tags(name)[None])
    return np.concatenate(known)


def continue_from(earlier: RunFolder, run: RunFolder, config: ExperimentConfig, dataset: Dataset) -> None:
    """Lets a run that has not begun start from the last checkpoint of another, of the same network on the same data.

    Args:
        earlier: the run that ends where the new one goes on.
        run: the new run's folder; nothing is done if it has begun.
        config: the new run's experiment.
        dataset: its data.

    Raises:
        UserError: `earlier` has no checkpoint, or the new run trains in several rounds, each of which begins anew.
    """
    if run.is_run:
        return
    config = resolve(config, dataset, earlier)
    if config.self_supervision.rounds != 1:
        raise UserError(
            f"self_supervision.rounds is {config.self_supervision.rounds}: a round begins anew and cannot continue "
            f"{earlier.root}; set it to 1"
        )
    if not earlier.checkpoints():
        raise UserError(f"{earlier.root}: no checkpoint to continue from")
    epochs, folder = earlier.checkpoints()[-1]
    with replacing(run.checkpoint(epochs), durable=True) as copy:
        shutil.copytree(folder, copy)
    for table, begun in ((earlier.history, run.history), (earlier.speed, run.speed)):
        if table.is_file():
            write_text(begun, table.read_text(encoding="utf-8"))
    run.create(config, dataset.class_names)
