"""When a run saves what: every so many steps, when it is to stop, and at the end of an epoch."""

from dataclasses import dataclass

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.data.bad_photos import BadPhotos
from wsfcn_tf.errors import UserError
from wsfcn_tf.models import Network
from wsfcn_tf.run_folder import RunFolder
from wsfcn_tf.run_record import RunRecord
from wsfcn_tf.training import checkpoints
from wsfcn_tf.training.checkpoints import Position
from wsfcn_tf.training.selection import drop_others, keep_if_best
from wsfcn_tf.training.stopping import StopRequest
from wsfcn_tf.training.validation import Validation


@dataclass(frozen=True)
class Saving:
    """Saves one run's state; `steps` are those of an epoch."""

    config: TrainingConfig
    run: RunFolder
    model: Network
    steps: int
    bad_photos: BadPhotos
    stop: StopRequest

    def within(self, position: Position) -> None:
        """Saves after a step if `checkpoint_every` asks for it, or to stop there: then it raises Stopped."""
        every = self.config.checkpoint_every
        is_due = every and position.steps % every == 0 and position.steps < self.steps  # the last step has its own
        if is_due or self.stop.requested:
            self._save_within(position)
        self.stop.check(f"saved after step {position.steps} of {self.steps} of epoch {position.epochs + 1}")

    def validated(self, validation: Validation, self_supervision: bool, position: Position) -> dict[str, float]:
        """Measures after an epoch's last step, which is saved if the measurement ends early, for whatever reason."""
        try:
            return validation.measure(self.model, self_supervision, between=lambda: self.within(position))
        except UserError:
            self._save_within(position)
            raise

    def epoch(self, epochs: int, record: RunRecord) -> None:
        """Saves the state after so many epochs, and the weights if these are the best."""
        keep_if_best(self.run, self.model, self.config, epochs)
        checkpoints.save(self.run, self.model, self.model.optimizer, epochs, self.config.keep_checkpoints)
        drop_others(self.run, self.config)
        record.note(to={"epochs": epochs})

    def _save_within(self, position: Position) -> None:
        if self.bad_photos.until(position.epochs):
            self.bad_photos.save(self.run.bad_images, position.epochs)
        checkpoints.save_within(self.run, self.model, self.model.optimizer, position)
