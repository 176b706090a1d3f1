"""Checkpoints: a folder with the model's weights and the optimiser's variables, named after the epochs done.

Nothing else is needed to continue exactly: data order, augmentation, dropout and gate are functions of the seed and of
the step, which the optimiser counts.
"""

import shutil
import zipfile
from typing import Any

import keras
import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing
from wsfcn_tf.run_folder import WEIGHTS, RunFolder

_OPTIMIZER = "optimizer.npz"


def save(run: RunFolder, model: keras.Model, optimizer: keras.optimizers.Optimizer, epochs: int, keep: int) -> None:
    """Saves the state after `epochs` epochs, complete or not at all, and removes all but the last `keep`."""
    with replacing(run.checkpoint(epochs)) as folder:
        folder.mkdir()
        model.save_weights(folder / WEIGHTS)
        values = [np.asarray(variable) for variable in _variables(optimizer)]
        np.savez(folder / _OPTIMIZER, **{str(index): value for index, value in enumerate(values)})
    for _, old in run.checkpoints()[:-keep]:
        shutil.rmtree(old)


def restore(run: RunFolder, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> int:
    """Restores the last checkpoint.

    Args:
        run: where to look.
        model: built.
        optimizer: built.

    Returns:
        The number of epochs done; 0 if there is no checkpoint.

    Raises:
        UserError: the last checkpoint cannot be read.
    """
    checkpoints = run.checkpoints()
    if not checkpoints:
        return 0
    epochs, folder = checkpoints[-1]
    try:
        model.load_weights(folder / WEIGHTS)
        with np.load(folder / _OPTIMIZER) as values:
            for index, variable in enumerate(_variables(optimizer)):
                variable.assign(values[str(index)])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{folder}: cannot be read ({_first_line(error)}); delete this folder to resume from the checkpoint before"
        ) from error
    return epochs


def _variables(optimizer: keras.optimizers.Optimizer) -> list[Any]:
    """The optimiser's variables: a method on Keras 2, a property on Keras 3."""
    variables = optimizer.variables
    return list(variables() if callable(variables) else variables)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
