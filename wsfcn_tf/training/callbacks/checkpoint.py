"""Saving all that exact resuming needs, and restoring it."""

from collections.abc import Callable
from typing import Any

import keras

from wsfcn_tf.errors import UserError
from wsfcn_tf.models import Network
from wsfcn_tf.models.averaging import value_of
from wsfcn_tf.runs import checkpoints
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.async_means import AsyncMeans

# Ends an epoch of `fit` and not the training; it is not True, which is what other callbacks set.
_EPOCH_IS_COMPLETE = "epoch is complete"


class Checkpoint(keras.callbacks.Callback):
    """Saves a training at the end of each epoch, and within; goes on from the last checkpoint when training begins.

    Put it behind callbacks that change the training, such as ReduceLROnPlateau. In `fit`:

        checkpoint = Checkpoint(RunFolder("runs/fit"))
        model.fit(batches, epochs=30, initial_epoch=checkpoint.state.epoch, callbacks=[checkpoint])

    With `every`, `batches` must be ours, `training_batches(..., first_epoch=checkpoint.state.epoch,
    first_step=checkpoint.state.step, epochs=30 - checkpoint.state.epoch)`, and `steps_per_epoch` be given.

    Args:
        run: where checkpoints are, and go to.
        every: save also after every so many steps of an epoch; 0 saves at the ends of epochs only.
        keep: how many of the last epochs' checkpoints stay.
        state: of the last checkpoint, if it is known; None looks for the last one that is whole.
        own: where to save instead of `run`: for all workers but the chief.
        means: what our own loop adds up; None in `fit`, whose sums are the model's metrics.
        before_saving: called with the epoch before each time within an epoch: what has to be on disk by then.

    Attributes:
        state: where the training is.

    Raises:
        UserError: the last checkpoint cannot be read.
    """

    def __init__(
        self,
        run: RunFolder,
        *,
        every: int = 0,
        keep: int = 2,
        state: TrainingState | None = None,
        own: RunFolder | None = None,
        means: AsyncMeans | None = None,
        before_saving: Callable[[int], Any] | None = None,
    ) -> None:
        super().__init__()
        if state is None:
            for note in checkpoints.recover(run):
                print(note)
            state = checkpoints.read_state(run)
        self._run, self._own, self._every, self._keep = run, own or run, every, keep
        self._means, self._before_saving = means, before_saving
        self.state = self._saved = state
        self._steps_before: int | None = None  # of the epoch, which `fit` does not count when it resumes

    @property
    def saved_at(self) -> str:
        """In words, where the training goes on after `save`."""
        at = self.state if self._can_save() else self._saved
        if at.step:
            return f"saved after step {at.step} of {self.params['steps']} of epoch {at.epoch + 1}"
        return f"saved after epoch {at.epoch}" if at.epoch else "nothing was saved yet"

    def save(self) -> bool:
        """Saves the state unless that is done; False if it cannot be: `fit` cannot begin behind an epoch's last step.

        Raises:
            UserError: weights are not finite, or the disk refuses.
        """
        if not self._can_save():
            return False
        if (self.state.epoch, self.state.step) != (self._saved.epoch, self._saved.step):
            if self.state.step:
                self.state = TrainingState(self.state.epoch, self.state.step, self._totals())
                if self._before_saving is not None:
                    self._before_saving(self.state.epoch)
            checkpoints.save(self._own, self.model, self.state, self._keep)
            self._saved = self.state
        return True

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Restores."""
        self.model.optimizer.build(self.model.trainable_variables)
        checkpoints.restore(self._run, self.model)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Within the epoch that was interrupted, `fit` adds to what its first part has added up."""
        if epoch != self.state.epoch:
            raise UserError(
                f"{self._run.root}: the last checkpoint is that of epoch {self.state.epoch}, not of {epoch}; give fit "
                "initial_epoch=checkpoint.state.epoch, or choose another folder"
            )
        self._steps_before = None
        if self._means is None and self.state.step:
            for name, metric in _metrics(self.model).items():
                metric.total.assign(self.state.totals.sums[name])
                metric.count.assign(self.state.totals.images)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Finds out whether batches are counted from the epoch's begin, or from where it was resumed."""
        if self._steps_before is None:
            self._steps_before = self.state.step - batch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Saves if it is due, and ends a resumed epoch of `fit` where it has all its steps."""
        step, steps = self._steps_before + batch + 1, self.params["steps"]
        self.state = TrainingState(self.state.epoch, step)
        if self._every and step % self._every == 0 and step != steps:
            self.save()
        if self._steps_before and step == steps and not self.model.stop_training:
            self.model.stop_training = _EPOCH_IS_COMPLETE

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Saves; within the epoch, if another callback has ended the training there."""
        if self.model.stop_training == _EPOCH_IS_COMPLETE:
            self.model.stop_training = False
        steps = self.params["steps"]
        if steps is None or self.state.step >= steps:
            self.state = TrainingState(epoch + 1)
        self.save()

    def _can_save(self) -> bool:
        return self._means is not None or not self.state.step or self.state.step != self.params["steps"]

    def _totals(self) -> EpochTotals:
        if self._means is not None:
            self._means.flush()
            self._means.totals.count_time()
            return self._means.totals
        sums = {name: float(value_of(metric.total)) for name, metric in _metrics(self.model).items()}
        images = {int(value_of(metric.count)) for metric in _metrics(self.model).values()}
        return EpochTotals(max(images, default=0), sums)


def _metrics(model: keras.Model) -> dict[str, keras.metrics.Mean]:
    """What a `Network` adds up in `fit`."""
    return model.reports.means if isinstance(model, Network) else {}
