"""Reading a step's values while the device computes the next one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.training.logging import TrainingLog
from wsfcn_tf.training.totals import EpochTotals


class _Step(NamedTuple):
    values: dict[str, tf.Tensor]
    names: Sequence[tf.Tensor]


class LateValues:
    """Holds back the values of the last step, which may not be computed yet, until the next one is under way.

    Args:
        epoch: counted from 0.
        totals: what the values are added to.
        log: what is told of each step.
    """

    def __init__(self, epoch: int, totals: EpochTotals, log: TrainingLog) -> None:
        self._epoch, self._totals, self._log = epoch, totals, log
        self._last: _Step | None = None

    def add(self, values: dict[str, tf.Tensor], names: Sequence[tf.Tensor]) -> None:
        """Takes the values of a step that has just been dispatched, and reads those of the one before.

        Args:
            values: per image, {name: float32 [B]}.
            names: of the images, in the same order, a string tensor per device of this host.

        Raises:
            UserError: the loss of the step before is not finite.
        """
        before, self._last = self._last, _Step(values, names)
        self._read(before)

    def settle(self) -> None:
        """Reads what is held back. Raises UserError if its loss is not finite: then nothing of it may be saved."""
        last, self._last = self._last, None
        self._read(last)

    def _read(self, step: _Step | None) -> None:
        if step is None:
            return
        values = {name: value.numpy() for name, value in step.values.items()}
        if not np.isfinite(values["loss"]).all():
            names = np.concatenate([part.numpy() for part in step.names])
            raise UserError(_not_finite(self._epoch, values["loss"], names))
        self._totals.add(values)
        self._log.step(self._epoch, self._totals)


def _not_finite(epoch: int, loss: np.ndarray, names: Sequence[bytes]) -> str:
    if len(names) < len(loss):  # other hosts have loaded the others
        images = "images of several hosts, of which this one has loaded " + ", ".join(name.decode() for name in names)
    else:
        marks = ("" if finite else " (!)" for finite in np.isfinite(loss))
        images = ", ".join(f"{name.decode()}{mark}" for name, mark in zip(names, marks, strict=True))
    return f"the loss is not finite in epoch {epoch + 1} on {images}; lower training.learning_rate, or check them"
