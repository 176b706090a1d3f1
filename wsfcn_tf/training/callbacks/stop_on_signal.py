"""Ending a training when a batch scheduler or a person asks for it: at the next step, with a checkpoint."""

import os
import signal
import threading
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import Any

from wsfcn_tf.errors import Stopped

# SIGTERM is what schedulers send before they kill. EX_TEMPFAIL says "start me again", and no other end of the program
# says it: 143 is also that of a process which SIGTERM has killed and which saved nothing.
_STATUS = {signal.SIGTERM: os.EX_TEMPFAIL, signal.SIGINT: 130}


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
