"""Checkpoints: a folder with the model's weights and the optimiser's variables, named after the epochs and steps done.

Little else is needed to continue exactly: data order, augmentation, dropout and gate are functions of the seed and of
the step, which the optimiser counts. Within an epoch, what it has added up so far is saved, too. A manifest with
checksums tells whether all is as it was written.
"""

import itertools
import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import clear_partial, remove, replacing, write_json
from wsfcn_tf.models.averaging import averaged, value_of
from wsfcn_tf.models.network_file import generation_of, load_network, save_network
from wsfcn_tf.runs.folder import WEIGHTS, RunFolder
from wsfcn_tf.runs.manifest import damage, write_manifest
from wsfcn_tf.runs.totals import EpochTotals

_OPTIMIZER = "optimizer.npz"
_TOTALS = "totals.json"
_RAW = "raw.weights.h5"  # where WEIGHTS are an average over the steps: what training goes on with
_RATE = "learning_rate"  # on Keras 2, it is not among the optimiser's variables
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class TrainingState:
    """Where a training is: after `epoch` epochs and `step` steps of the next one, which have added up `totals`."""

    epoch: int = 0
    step: int = 0
    totals: EpochTotals = field(default_factory=EpochTotals)


def save(run: RunFolder, model: keras.Model, state: TrainingState, keep: int = 1) -> None:
    """Saves the state, complete or not at all.

    Args:
        run: where to.
        model: compiled; its optimiser's variables are saved, too.
        state: at an epoch's end, its checkpoint replaces all but the last `keep`; within one, that before in the epoch.
        keep: of the checkpoints at the ends of epochs.

    Raises:
        UserError: a weight is not finite, or the disk refuses.
    """
    _write(run.checkpoint(state.epoch, state.step), model, state.totals)
    within = run.checkpoints_within()
    outdated = within[:-1] if state.step else [*within, *(folder for _, folder in run.checkpoints()[:-keep])]
    for folder in outdated:
        remove(folder)


def read_state(run: RunFolder) -> TrainingState:
    """Where the last checkpoint is; the begin of training if there is none. Raises UserError if it cannot be read."""
    checkpoint = run.latest_checkpoint()
    if checkpoint is None:
        return TrainingState()
    epochs, steps, folder = checkpoint
    if not steps:
        return TrainingState(epochs)
    try:
        return TrainingState(epochs, steps, EpochTotals(**json.loads((folder / _TOTALS).read_text())))
    except _UNREADABLE as error:
        raise _unreadable(folder, error) from error


def restore(run: RunFolder, model: keras.Model) -> None:
    """Gives model and optimiser the values of the last checkpoint, if there is one.

    Args:
        run: where to look.
        model: compiled; it and its optimiser are built.

    Raises:
        UserError: the last checkpoint cannot be read or is of the other generation of Keras, or none could hold the
            optimiser's loss scale.
    """
    checkpoint, optimizer = run.latest_checkpoint(), model.optimizer
    variables = _variables(optimizer)
    if checkpoint is None:
        return
    weights = checkpoint.folder / (_RAW if optimizer.use_ema else WEIGHTS)
    try:
        # the other generation's optimiser has its variables in another order
        if (theirs := generation_of(weights)) != keras.__version__[0]:
            told = f"it was written by Keras {theirs}, this is Keras {keras.__version__}"
            new = f"begin a new run from its weights, --set training.weights={run.root}"
            raise UserError(f"{checkpoint.folder}: {told}: resume with Keras {theirs}, or {new}")
        load_network(model, weights)
        with np.load(checkpoint.folder / _OPTIMIZER) as values:
            for index, variable in enumerate(variables):
                variable.assign(values[str(index)])
            if _RATE in values and hasattr(optimizer.learning_rate, "assign"):
                optimizer.learning_rate.assign(values[_RATE])
    except _UNREADABLE as error:
        raise _unreadable(checkpoint.folder, error) from error


def recover(run: RunFolder) -> list[str]:
    """Deletes what killed processes left half-written, and sets damaged checkpoints aside; returns a line for each."""
    for folder in (run.root, run.root / "checkpoints"):
        clear_partial(folder)
    return set_aside_damaged(run)


def set_aside_damaged(run: RunFolder) -> list[str]:
    """Finds the last checkpoint that is whole; those after it are renamed, so that resuming goes on from it.

    Going on from an earlier one gives the same result to the bit and only costs time. Nothing is deleted: what is
    damaged stays as checkpoints/damaged-NAME.

    Returns:
        A line for each that is damaged.

    Raises:
        UserError: a checkpoint cannot be opened; or all there are are damaged, and the run would begin anew.
    """
    notes = []
    while checkpoint := run.latest_checkpoint():
        folder = checkpoint.folder
        try:
            problem = damage(folder)
        except OSError as error:
            raise UserError(f"{folder}: cannot be read: {error.strerror or error}; check the disk") from error
        if problem is None:
            return notes
        aside = _free_name(folder.with_name(f"damaged-{folder.name}"))
        folder.rename(aside)
        notes.append(f"{folder}: is damaged ({problem}), renamed to {aside.name}; going on from the checkpoint before")
    if notes:
        raise UserError(
            f"{run.root}: every checkpoint is damaged, they are checkpoints/damaged-* now; check the disk, and choose "
            "another --output to begin anew"
        )
    return notes


def _free_name(path: Path) -> Path:
    names = (path if count == 1 else path.with_name(f"{path.name}-{count}") for count in itertools.count(1))
    return next(name for name in names if not name.exists())


def _write(path: Path, model: keras.Model, totals: EpochTotals) -> None:
    optimizer = model.optimizer
    values = {str(index): value_of(variable) for index, variable in enumerate(_variables(optimizer))}
    values[_RATE] = value_of(optimizer.learning_rate)
    # ReLU makes 0 of NaN: a BatchNorm's statistics can be lost for good while the loss looks well
    if not all(np.isfinite(value).all() for value in [*map(value_of, model.weights), *values.values()]):
        raise UserError(
            f"{path}: is not saved, for weights are not finite any more; lower training.learning_rate, or resume from "
            "the checkpoint before"
        )
    with replacing(path, durable=True) as folder:
        folder.mkdir()
        with averaged(model):
            save_network(model, folder / WEIGHTS)
        if optimizer.use_ema:
            save_network(model, folder / _RAW)
        np.savez(folder / _OPTIMIZER, **values)
        if totals.images:
            write_json(folder / _TOTALS, asdict(totals))
        write_manifest(folder)


def _variables(optimizer: keras.optimizers.Optimizer) -> list[Any]:
    """The optimiser's variables, a method on Keras 2, a property on Keras 3; and the loss scale's, if there is one."""
    variables, scale = optimizer.variables, getattr(optimizer, "loss_scale", None)
    if tf.is_tensor(scale):
        raise UserError(
            "checkpoints cannot hold the scale of Keras 2's LossScaleOptimizer: take "
            'build_optimizer(model, TrainingConfig(precision="float16"))'
        )
    return [*(variables() if callable(variables) else variables), *(scale.variables if scale else [])]


def _unreadable(folder: Path, error: Exception) -> UserError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return UserError(f"{folder}: cannot be read ({reason}); delete this folder to resume from the checkpoint before")
