"""Asynchronous logs: a step's values are read from the device while it computes the next step."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.totals import EpochTotals


class _Step(NamedTuple):
    values: dict[str, tf.Tensor]
    names: Sequence[tf.Tensor]


class AsyncMeans:
    """The means over an epoch's images, as Keras' metrics give them; but what has to wait for the device comes late.

    The values of the last step may not be computed yet: they are held back until the next step is under way, so that
    the device need not wait for Python.

    Args:
        synchronous: reads each step at once, for callbacks that read the logs of batches.

    Attributes:
        totals: what the epoch has added up so far.
    """

    def __init__(self, synchronous: bool = False) -> None:
        self._synchronous, self._epoch, self.totals = synchronous, 0, EpochTotals()
        self._pending: _Step | None = None

    def begin(self, epoch: int, totals: EpochTotals) -> None:
        """Begins an epoch, counted from 0; `totals` are those of its steps before a resume."""
        self._epoch, self.totals = epoch, totals

    def update(self, values: dict[str, tf.Tensor], names: Sequence[tf.Tensor]) -> None:
        """Takes the values of a step that has just been dispatched, and reads those of the one before.

        Args:
            values: per image, {name: float32 [B]}.
            names: of the images, in the same order, a string tensor per device of this host.

        Raises:
            UserError: a loss that is read is not finite.
        """
        before, self._pending = self._pending, _Step(values, names)
        self._read(before)
        if self._synchronous:
            self.flush()

    def flush(self) -> None:
        """Reads what is held back. Raises UserError if its loss is not finite: then nothing of it may be saved."""
        pending, self._pending = self._pending, None
        self._read(pending)

    def result(self) -> dict[str, float]:
        """The means over all that is read; empty if nothing is."""
        return self.totals.means() if self.totals.images else {}

    def _read(self, step: _Step | None) -> None:
        if step is None:
            return
        values = {name: value.numpy() for name, value in step.values.items()}
        if not np.isfinite(values["loss"]).all():
            names = np.concatenate([part.numpy() for part in step.names])
            raise UserError(_not_finite(self._epoch, values["loss"], names))
        self.totals.add(values)


def reads_batch_logs(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback does something at the end of a training batch."""
    default = keras.callbacks.Callback
    pairs = ((callback.on_train_batch_end, default.on_train_batch_end), (callback.on_batch_end, default.on_batch_end))
    return any(getattr(hook, "__func__", hook) is not unchanged for hook, unchanged in pairs)


def _not_finite(epoch: int, loss: np.ndarray, names: Sequence[bytes]) -> str:
    if len(names) < len(loss):  # other hosts have loaded the others
        images = "images of several hosts, of which this one has loaded " + ", ".join(name.decode() for name in names)
    else:
        marks = ("" if finite else " (!)" for finite in np.isfinite(loss))
        images = ", ".join(f"{name.decode()}{mark}" for name, mark in zip(names, marks, strict=True))
    return f"the loss is not finite in epoch {epoch + 1} on {images}; lower training.learning_rate, or check them"
