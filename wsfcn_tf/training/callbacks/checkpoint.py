"""When a run saves what: every so many steps, when it is to stop, and at the end of an epoch."""

from dataclasses import dataclass

import tensorflow as tf

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.models import Network
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import RunRecord
from wsfcn_tf.training import checkpoints
from wsfcn_tf.training.averaging import averaged
from wsfcn_tf.training.checkpoints import Position
from wsfcn_tf.training.selection import drop_others, keep_if_best
from wsfcn_tf.training.stopping import StopRequest
from wsfcn_tf.training.validation import Validation
from wsfcn_tf.training.workers import gather_texts, several_workers, share_bad_photos

_STEPS_BETWEEN_QUESTIONS = 10  # several workers ask each other whether one is to stop, which takes time


@dataclass(frozen=True)
class Saving:
    """Saves one run's state; `steps` are those of an epoch. Every worker must call the same methods."""

    config: TrainingConfig
    run: RunFolder
    model: Network
    steps: int
    bad_photos: BadPhotos
    stop: StopRequest
    strategy: tf.distribute.Strategy

    def is_due(self, steps: int) -> bool:
        """Whether to save after so many steps of an epoch: for `checkpoint_every`, or because somebody is to stop."""
        every = self.config.checkpoint_every
        regular = bool(every) and steps % every == 0 and steps < self.steps  # the last step has its own
        if several_workers() and steps % _STEPS_BETWEEN_QUESTIONS and steps < self.steps:
            return regular
        return self._is_to_stop() or regular

    def save(self, position: Position) -> None:
        """Saves after a step. Raises Stopped if it was to stop there."""
        self._save_within(position)
        self.stop.check(self._saved_at(position))

    def stop_if_asked(self, saved: str) -> None:
        """Raises Stopped if any worker is to stop; `saved` says where the run is."""
        if self._is_to_stop():
            self.stop.check(saved)

    def validated(self, validation: Validation, self_supervision: bool, position: Position) -> dict[str, float]:
        """Measures the weights that would be saved, after an epoch's last step.

        That step is saved if the measurement ends early, for whatever reason.
        """
        where = self._saved_at(position)
        try:
            with averaged(self.model, self.model.optimizer):
                return validation.measure(self.model, self_supervision, between=lambda: self.stop_if_asked(where))
        except (UserError, Stopped):
            self._save_within(position)  # not within: training goes on from the weights, not from their average
            raise

    def epoch(self, epochs: int, record: RunRecord) -> None:
        """Saves the state after so many epochs, and the weights if these are the best."""
        keep_if_best(self.run, self.model, self.config, epochs)
        checkpoints.save(self.run, self.model, self.model.optimizer, epochs, self.config.keep_checkpoints)
        drop_others(self.run, self.config)
        record.note(to={"epochs": epochs})

    def _saved_at(self, position: Position) -> str:
        return f"saved after step {position.steps} of {self.steps} of epoch {position.epochs + 1}"

    def _is_to_stop(self) -> bool:
        return self.stop.join(gather_texts(self.strategy, self.stop.name))

    def _save_within(self, position: Position) -> None:
        if share_bad_photos(self.strategy, self.bad_photos, position.epochs):
            self.bad_photos.save(self.run.bad_images, position.epochs)
        checkpoints.save_within(self.run, self.model, self.model.optimizer, position)
