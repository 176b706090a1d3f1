"""Which epoch's weights a run ends with, told from the table of its validated epochs alone: so resuming is exact."""

import math
import re

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing
from wsfcn_tf.models import Network
from wsfcn_tf.runs.epoch_table import read
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.averaging import averaged
from wsfcn_tf.weights.network_file import load_network, save_network


def best_epoch(rows: list[dict[str, str]], config: TrainingConfig) -> tuple[int, float] | None:
    """The best of the validated epochs, the first of equals.

    Candidates are the epochs with self-supervision (release), or all if the run has none of these.

    Args:
        rows: of validation.csv.
        config: `select`, `epochs` and `pretrain_epochs`.

    Returns:
        The epoch, counted from 1, and its value of `select`; None if there is no candidate, or with select "last".
    """
    if config.select == "last":
        return None
    first = config.pretrain_epochs if config.pretrain_epochs < config.epochs else 0
    values = {int(row["epoch"]): float(row[config.select]) for row in rows if int(row["epoch"]) > first}
    sign = -1.0 if config.select == "loss" else 1.0  # the release's score, 1 - loss, orders them as -loss does
    finite = [(sign * value, -epoch) for epoch, value in values.items() if math.isfinite(value)]
    if not finite:
        return None
    epoch = -max(finite)[1]
    return epoch, values[epoch]


def keep_if_best(run: RunFolder, model: Network, config: TrainingConfig, epoch: int) -> None:
    """Saves the weights after an epoch, counted from 1, if it is the best so far; call it before its checkpoint."""
    best = best_epoch(read(run.validation), config)
    if best and best[0] == epoch:
        with replacing(run.best_weights(epoch), durable=True) as path, averaged(model, model.optimizer):
            save_network(model, path)


def drop_others(run: RunFolder, config: TrainingConfig) -> None:
    """Removes the weights of epochs that are not the best any more.

    Call it after the epoch's checkpoint: a run killed between goes on from the checkpoint before, whose best they are.
    """
    best = best_epoch(read(run.validation), config)
    for path in run.all_best_weights():
        if best is None or int(re.search(r"\d+", path.name)[0]) != best[0]:
            path.unlink()


def load_best(run: RunFolder, model: Network, config: TrainingConfig) -> tuple[int, float] | None:
    """Loads the best epoch's weights into the model, and returns epoch and value; None leaves the last epoch's.

    Raises:
        UserError: they are gone.
    """
    best = best_epoch(read(run.validation), config)
    if best:
        path = run.best_weights(best[0])
        try:
            load_network(model, path)
        except (OSError, ValueError, KeyError) as error:
            raise UserError(
                f"{path}: epoch {best[0]} is the best by training.select {config.select}, but its weights cannot be "
                "read; put the file back"
            ) from error
    return best
