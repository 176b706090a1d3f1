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

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import remove, replacing, write_json
from wsfcn_tf.runs.folder import WEIGHTS, RunFolder
from wsfcn_tf.training.averaging import averaged
from wsfcn_tf.training.manifest import damage, write_manifest
from wsfcn_tf.training.optimizer import GroupedSGD
from wsfcn_tf.training.totals import EpochTotals
from wsfcn_tf.weights.network_file import load_network, save_network

_OPTIMIZER = "optimizer.npz"
_TOTALS = "totals.json"
_RAW = "raw.weights.h5"  # where WEIGHTS are an average over the steps: what training goes on with


@dataclass(frozen=True)
class Position:
    """Where a run is: after `epochs` epochs and `steps` steps of the next one, which have added up `totals`."""

    epochs: int = 0
    steps: int = 0
    totals: EpochTotals = field(default_factory=EpochTotals)


def save(run: RunFolder, model: keras.Model, optimizer: GroupedSGD, epochs: int, keep: int) -> None:
    """Saves the state after `epochs` epochs, complete or not at all, and removes all but the last `keep`."""
    _write(run.checkpoint(epochs), model, optimizer, EpochTotals())
    for folder in [*run.checkpoints_within(), *(folder for _, folder in run.checkpoints()[:-keep])]:
        remove(folder)


def save_within(run: RunFolder, model: keras.Model, optimizer: GroupedSGD, position: Position) -> None:
    """Saves the state within an epoch, complete or not at all, and removes others that are within one."""
    _write(run.checkpoint(position.epochs, position.steps), model, optimizer, position.totals)
    for folder in run.checkpoints_within()[:-1]:
        remove(folder)


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


def restore(run: RunFolder, model: keras.Model, optimizer: GroupedSGD) -> Position:
    """Restores the last checkpoint.

    Args:
        run: where to look.
        model: built.
        optimizer: built.

    Returns:
        Where the run goes on; its begin if there is no checkpoint.

    Raises:
        UserError: the last checkpoint cannot be read.
    """
    checkpoint = run.latest_checkpoint()
    if checkpoint is None:
        return Position()
    epochs, steps, folder = checkpoint
    try:
        totals = EpochTotals(**json.loads((folder / _TOTALS).read_text())) if steps else EpochTotals()
        load_network(model, folder / (_RAW if optimizer.use_ema else WEIGHTS))
        with np.load(folder / _OPTIMIZER) as values:
            for index, variable in enumerate(_variables(optimizer)):
                variable.assign(values[str(index)])
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{folder}: cannot be read ({_first_line(error)}); delete this folder to resume from the checkpoint before"
        ) from error
    return Position(epochs, steps, totals)


def _free_name(path: Path) -> Path:
    names = (path if count == 1 else path.with_name(f"{path.name}-{count}") for count in itertools.count(1))
    return next(name for name in names if not name.exists())


def _write(path: Path, model: keras.Model, optimizer: GroupedSGD, totals: EpochTotals) -> None:
    values = [np.asarray(variable) for variable in _variables(optimizer)]
    # ReLU makes 0 of NaN: a BatchNorm's statistics can be lost for good while the loss looks well
    if not all(np.isfinite(value).all() for value in [*map(np.asarray, model.weights), *values]):
        raise UserError(
            f"{path}: is not saved, for weights are not finite any more; lower training.learning_rate, or resume from "
            "the checkpoint before"
        )
    with replacing(path, durable=True) as folder:
        folder.mkdir()
        with averaged(model, optimizer):
            save_network(model, folder / WEIGHTS)
        if optimizer.use_ema:
            save_network(model, folder / _RAW)
        np.savez(folder / _OPTIMIZER, **{str(index): value for index, value in enumerate(values)})
        if totals.images:
            write_json(folder / _TOTALS, asdict(totals))
        write_manifest(folder)


def _variables(optimizer: GroupedSGD) -> list[Any]:
    """The optimiser's variables, a method on Keras 2, a property on Keras 3; and the loss scale's, if there is one."""
    variables = optimizer.variables
    scale = [] if optimizer.loss_scale is None else optimizer.loss_scale.variables
    return [*(variables() if callable(variables) else variables), *scale]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
