"""history.csv, validation.csv and speed.csv: a row per epoch."""

import keras

from wsfcn_tf.runs.epoch_table import truncate, write_row
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.async_means import AsyncMeans


class EpochTables(keras.callbacks.Callback):
    """Writes the logs of each epoch to a run's tables; those under val_* to validation.csv.

    What a killed process wrote after its last checkpoint goes: it is written again.

    Args:
        run: the folder.
        means: of our own loop, which knows the speed; None in `fit`.
    """

    def __init__(self, run: RunFolder, means: AsyncMeans | None = None) -> None:
        super().__init__()
        self._run, self._means, self._is_truncated = run, means, False

    def on_train_begin(self, logs: dict | None = None) -> None:
        """The next epoch is the first one of this process."""
        self._is_truncated = False

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Leaves the rows of the epochs before the first one."""
        if not self._is_truncated:
            for table in (self._run.history, self._run.validation, self._run.speed):
                truncate(table, epoch)
            self._is_truncated = True

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Adds the rows."""
        validation = {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}
        if validation:
            write_row(self._run.validation, epoch + 1, validation)
        write_row(self._run.history, epoch + 1, {name: logs[name] for name in logs if not name.startswith("val_")})
        if self._means is not None:
            write_row(self._run.speed, epoch + 1, self._means.totals.speed())
