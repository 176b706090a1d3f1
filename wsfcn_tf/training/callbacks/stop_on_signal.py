"""Ending a training when a batch scheduler or a person asks for it: at the next step, with a checkpoint."""

import os
import signal
import threading
from collections.abc import Iterable
from types import FrameType, TracebackType
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


class StopRequest:
    """A context in which the first SIGTERM or SIGINT sets `requested`; a second SIGINT ends the process at once.

    Outside the main thread, where Python handles no signals, it does nothing.
    """

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _STATUS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def name(self) -> str:
        """The signal's name; empty if there was none."""
        return self.requested.name if self.requested else ""

    def join(self, names: Iterable[str]) -> bool:
        """Makes the request of any worker this one's, and says whether there is one; `names` are the workers'."""
        asked = [name for name in names if name]
        if asked and self.requested is None:
            self.requested = signal.Signals[asked[0]]
        return bool(asked)

    def check(self, saved: str) -> None:
        """Raises Stopped if it was requested; `saved` says where the run is."""
        if self.requested is not None:
            raise Stopped(f"{self.requested.name}: {saved}; --resume continues", _STATUS[self.requested])

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested is None:
            self.requested = signal.Signals(number)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the second one, even within TensorFlow
        # not print: the signal may have come within one
        os.write(2, f"\n{signal.Signals(number).name}: saving after this step; Ctrl-C ends at once\n".encode())


class StopOnSignal(keras.callbacks.Callback):
    """After a SIGTERM or SIGINT, saves the state when a step ends, and raises Stopped.

    Put it behind `Checkpoint`.

    Args:
        checkpoint: saves.
        request: that is open already; None catches signals while training goes on.
        strategy: of which every worker has this callback, and all stop together; None is one process.

    Raises:
        Stopped: within the training.
    """

    def __init__(
        self, checkpoint: Checkpoint, request: StopRequest | None = None, strategy: tf.distribute.Strategy | None = None
    ) -> None:
        super().__init__()
        self._checkpoint, self._strategy = checkpoint, strategy
        self._request, self._is_own = request or StopRequest(), request is None

    def stop_if_asked(self) -> None:
        """Raises Stopped if any worker is to stop; who calls it has the checkpoint save."""
        if self._is_asked():
            self._stop(self._checkpoint.saved_at)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Catches signals; one that came before the first step ends the training."""
        if self._is_own:
            self._request.__enter__()
        if self._is_asked():
            at = self._checkpoint.state
            self._stop(f"nothing is lost, the run is where it was, after {at.epoch} epochs and {at.step} steps")

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Saves and stops if it is asked for."""
        step = self._checkpoint.state.step
        if several_workers() and step % _STEPS_BETWEEN_QUESTIONS and step != self.params["steps"]:
            return
        if self._is_asked() and self._checkpoint.save():
            self._stop(self._checkpoint.saved_at)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stops if it is asked for: the epoch has just been saved."""
        self.stop_if_asked()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Handles signals as before."""
        if self._is_own:
            self._request.__exit__(None, None, None)

    def _is_asked(self) -> bool:
        return self._request.join(gather_texts(self._strategy, self._request.name))

    def _stop(self, saved: str) -> None:
        self.on_train_end()
        self._request.check(saved)
