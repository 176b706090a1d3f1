"""Which epoch's weights a run ends with."""

import math
import re

import keras

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing
from wsfcn_tf.models.averaging import averaged
from wsfcn_tf.models.network_file import load_network, save_network
from wsfcn_tf.runs.epoch_table import read
from wsfcn_tf.runs.folder import RunFolder


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


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the best epoch so far, and training ends with them.

    The best one is told from the table of the validated epochs alone, so that resuming is exact. Put it between
    `EpochTables` and `Checkpoint`.

    Args:
        run: the folder.
        config: `select`, `epochs` and `pretrain_epochs`.

    Attributes:
        selected: at the end, the epoch, counted from 1, and its value of `select`; None is the last epoch.

    Raises:
        UserError: at the end, the best epoch's weights are gone.
    """

    def __init__(self, run: RunFolder, config: TrainingConfig) -> None:
        super().__init__()
        self._run, self._config = run, config
        self.selected: tuple[int, float] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Removes the weights of epochs that are not the best any more.

        Only now, after the last epoch's checkpoint: a run that is killed before goes on from the checkpoint before,
        whose best they are.
        """
        best = self._best()
        for path in self._run.all_best_weights():
            if best is None or int(re.search(r"\d+", path.name)[0]) != best[0]:
                path.unlink()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Saves the weights if they are the best so far: before the checkpoint that says that the epoch is done."""
        best = self._best()
        if best and best[0] == epoch + 1:
            with replacing(self._run.best_weights(epoch + 1), durable=True) as path, averaged(self.model):
                save_network(self.model, path)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Loads the best."""
        self.selected = self._best()
        if self.selected:
            path = self._run.best_weights(self.selected[0])
            try:
                load_network(self.model, path)
            except (OSError, ValueError, KeyError) as error:
                raise UserError(
                    f"{path}: epoch {self.selected[0]} is the best by training.select {self._config.select}, but its "
                    "weights cannot be read; put the file back"
                ) from error
        self.on_epoch_begin(self._config.epochs)

    def _best(self) -> tuple[int, float] | None:
        return best_epoch(read(self._run.validation), self._config)
