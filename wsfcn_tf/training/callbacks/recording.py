"""record.json: what a training was started with, how far it came, and how it ended."""

from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import RunRecord, git_state, hardware, versions


class Record(keras.callbacks.Callback):
    """Adds an entry to a run's record: a context around the training, within which it is one of the callbacks.

    Put it behind `Checkpoint`.

    Args:
        run: the folder.
        facts: what else the entry is to hold: {name: what JSON can hold}.
    """

    def __init__(self, run: RunFolder, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._run, self._facts = run, dict(facts or {})
        self._record: RunRecord | None = None

    def __enter__(self) -> "Record":
        gpus = tf.config.list_physical_devices("GPU")
        details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
        about = {
            "from": self._position(),
            "versions": versions(),
            "git": git_state(),
            "hardware": hardware([detail.get("device_name", "GPU") for detail in details]),
        }
        self._record = RunRecord(self._run.record, about | self._facts)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._record.note(outcome="finished")
            return
        with suppress(UserError):  # the record's disk may be the one that is full
            self._record.note(outcome=_outcome(error))

    def note(self, **facts: Any) -> None:
        """Adds facts to the entry."""
        self._record.note(**facts)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Notes how far the training is."""
        self.note(to=self._position())

    def _position(self) -> dict[str, int]:
        last = self._run.latest_checkpoint()
        return {"epochs": last.epochs, "steps": last.steps} if last else {"epochs": 0, "steps": 0}


def _outcome(error: BaseException) -> str:
    if isinstance(error, Stopped):
        return "stopped"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else f"failed: {str(error) or type(error).__name__}"
