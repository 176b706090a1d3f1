"""Checkpoints: a folder with the model's weights and the optimiser's variables, named after the epochs and steps done.

Little else is needed to continue exactly: data order, augmentation, dropout and gate are functions of the seed and of
the step, which the optimiser counts. Within an epoch, what it has added up so far is saved, too.
"""

import json
import shutil
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_json
from wsfcn_tf.run_folder import WEIGHTS, RunFolder
from wsfcn_tf.training.averaging import averaged
from wsfcn_tf.training.optimizer import GroupedSGD
from wsfcn_tf.training.totals import EpochTotals

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
        shutil.rmtree(folder)


def save_within(run: RunFolder, model: keras.Model, optimizer: GroupedSGD, position: Position) -> None:
    """Saves the state within an epoch, complete or not at all, and removes others that are within one."""
    _write(run.checkpoint(position.epochs, position.steps), model, optimizer, position.totals)
    for folder in run.checkpoints_within()[:-1]:
        shutil.rmtree(folder)


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
        model.load_weights(folder / (_RAW if optimizer.use_ema else WEIGHTS))
        with np.load(folder / _OPTIMIZER) as values:
            for index, variable in enumerate(_variables(optimizer)):
                variable.assign(values[str(index)])
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{folder}: cannot be read ({_first_line(error)}); delete this folder to resume from the checkpoint before"
        ) from error
    return Position(epochs, steps, totals)


def _write(path: Path, model: keras.Model, optimizer: GroupedSGD, totals: EpochTotals) -> None:
    if not all(np.isfinite(np.asarray(weight)).all() for weight in model.weights):
        raise UserError(
            f"{path}: not written, the weights are not finite; lower training.learning_rate and resume from the "
            "checkpoint before"
        )
    with replacing(path) as folder:
        folder.mkdir()
        with averaged(model, optimizer):
            model.save_weights(folder / WEIGHTS)
        if optimizer.use_ema:
            model.save_weights(folder / _RAW)
        values = [np.asarray(variable) for variable in _variables(optimizer)]
        np.savez(folder / _OPTIMIZER, **{str(index): value for index, value in enumerate(values)})
        if totals.images:
            write_json(folder / _TOTALS, asdict(totals))


def _variables(optimizer: GroupedSGD) -> list[Any]:
    """The optimiser's variables, a method on Keras 2, a property on Keras 3; and the loss scale's, if there is one."""
    variables = optimizer.variables
    scale = [] if optimizer.loss_scale is None else optimizer.loss_scale.variables
    return [*(variables() if callable(variables) else variables), *scale]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
