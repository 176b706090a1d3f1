"""Ending a training when a batch scheduler or a person asks for it: at the next step, with a checkpoint."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.errors import Stopped
from wsfcn_tf.training.callbacks.checkpoint import Checkpoint
from wsfcn_tf.training.distribution import gather_texts, several_workers

# SIGTERM is what schedulers send before they kill. EX_TEMPFAIL says "start me again", and no other end of the program
# says it: 143 is also that of a process which SIGTERM has killed and which saved nothing.
_STATUS = {signal.SIGTERM: os.EX_TEMPFAIL, signal.SIGINT: 130}
_STEPS_BETWEEN_QUESTIONS = 10  # several workers ask each other whether one is to stop, which takes time


class StopOnSignal(keras.callbacks.Callback):
    """After a SIGTERM or SIGINT, saves the state when a step ends, and raises Stopped; a second SIGINT ends at once.

    Put it behind `Checkpoint`. Signals are caught while training goes on; as a context, also before and after. Outside
    the main thread, where Python handles no signals, none is caught.

    Args:
        checkpoint: saves; has to be set when training begins.
        strategy: of which every worker has this callback, and all stop together; None is one process.
        asked: called between steps: "SIGTERM" or "SIGINT" if one has come elsewhere, else "".

    Attributes:
        requested: the signal that came.

    Raises:
        Stopped: within the training.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | None = None,
        strategy: tf.distribute.Strategy | None = None,
        asked: Callable[[], str] = str,
    ) -> None:
        super().__init__()
        self.checkpoint, self._strategy, self._asked = checkpoint, strategy, asked
        self.requested: signal.Signals | None = None
        self._handlers_before: dict[signal.Signals, Any] = {}
        self._is_context = False

    def __enter__(self) -> "StopOnSignal":
        self._is_context = True
        self._catch()
        return self

    def __exit__(self, *error: object) -> None:
        self._release()

    def stop_if_asked(self, saved: str | None = None) -> None:
        """Raises Stopped if any worker is to stop.

        Args:
            saved: what is saved, in words; if not given, the checkpoint's state, and who calls has it saved.
        """
        if self._is_asked():
            self._stop(self.checkpoint.saved_at if saved is None else saved)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Catches signals; one that came before the first step ends the training."""
        if not self._is_context:
            self._catch()
        if self._is_asked():
            at = self.checkpoint.state
            self._stop(f"nothing is lost, the run is where it was, after {at.epoch} epochs and {at.step} steps")

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Saves and stops if it is asked for."""
        step = self.checkpoint.state.step
        if several_workers() and step % _STEPS_BETWEEN_QUESTIONS and step != self.params["steps"]:
            return
        if self._is_asked() and self.checkpoint.save():
            self._stop(self.checkpoint.saved_at)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stops if it is asked for: the epoch has just been saved."""
        self.stop_if_asked()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Handles signals as before."""
        if not self._is_context:
            self._release()

    def _is_asked(self) -> bool:
        """Makes the request of any worker this one's, too."""
        names = gather_texts(self._strategy, self.requested.name if self.requested else self._asked())
        if self.requested is None and any(names):
            self.requested = signal.Signals[next(filter(None, names))]
        return any(names)

    def _stop(self, saved: str) -> None:
        self.on_train_end()
        raise Stopped(f"{self.requested.name}: {saved}; --resume continues", _STATUS[self.requested])

    def _catch(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._handlers_before = {number: signal.signal(number, self._note) for number in _STATUS}

    def _release(self) -> None:
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested is None:
            self.requested = signal.Signals(number)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the second one, even within TensorFlow
        # not print: the signal may have come within one
        os.write(
            2, f"\n{signal.Signals(number).name}: stops when this step or mask is saved; Ctrl-C ends at once\n".encode()
        )
