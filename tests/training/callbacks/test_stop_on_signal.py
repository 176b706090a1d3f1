"""Signals to this process, and to one that is to die of them."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from wsfcn_tf.errors import Stopped
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.training.callbacks import StopOnSignal, stop_on_signal


class Checkpoint:
    """Stands in for a checkpoint within an epoch of 20 steps."""

    saved_at, saves = "saved", 0

    def __init__(self, step=0):
        self.state = TrainingState(1, step)

    def save(self):
        self.saves += 1
        return True


def stopping(step=0):
    callback = StopOnSignal(Checkpoint(step))
    callback.set_params({"steps": 20})
    return callback


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_the_first_signal_waits_for_the_state_to_be_saved(number, status, capfd):
    before = signal.getsignal(number)
    with stopping() as stop:
        stop.on_train_begin()
        stop.stop_if_asked()  # nothing is requested
        os.kill(os.getpid(), number)
        assert stop.requested == number
        with pytest.raises(Stopped) as stopped:
            stop.stop_if_asked()
        assert signal.getsignal(number) is not before  # whose context it is decides
    assert stopped.value.status == status
    assert str(stopped.value) == f"{number.name}: saved; --resume continues"
    assert capfd.readouterr().err == f"\n{number.name}: stops when this step or mask is saved; Ctrl-C ends at once\n"
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_ends_at_once():
    """Whichever signal came first; in processes that have imported TensorFlow together."""
    script = """
import os, signal
from wsfcn_tf.training.callbacks.stop_on_signal import StopOnSignal
for first in (signal.SIGINT, signal.SIGTERM):
    child = os.fork()
    if not child:
        with StopOnSignal():
            os.kill(os.getpid(), first)
            print(first.name, "still here", flush=True)
            os.kill(os.getpid(), signal.SIGINT)
            print("not here", flush=True)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"SIGINT still here\n{-signal.SIGINT}\nSIGTERM still here\n{-signal.SIGINT}\n"


def test_in_another_thread_signals_stay_as_they_are():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def work():
        with StopOnSignal() as stop:
            seen.append((stop.requested, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(None, before)]


# === As a callback; where it stops is tested in test_checkpoint.py, too ===


def test_signals_are_caught_while_training_goes_on():
    before = signal.getsignal(signal.SIGTERM)
    stop = stopping(step=3)
    stop.on_train_begin()
    stop.on_train_batch_end(2)
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Stopped, match=r"^SIGTERM: saved; --resume continues$"):
        stop.on_train_batch_end(3)
    assert stop.checkpoint.saves == 1 and signal.getsignal(signal.SIGTERM) is before
    stop = stopping()
    stop.on_train_begin()
    stop.on_train_end()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_before_the_first_step():
    with stopping(step=5) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped) as stopped:
            stop.on_train_begin()
    assert str(stopped.value) == (
        "SIGTERM: nothing is lost, the run is where it was, after 1 epochs and 5 steps; --resume continues"
    )
    assert not stop.checkpoint.saves


def test_a_signal_that_came_elsewhere():
    came = []
    stop = StopOnSignal(Checkpoint(3), asked=lambda: came[-1] if came else "")
    stop.set_params({"steps": 20})
    stop.on_train_begin()
    stop.on_train_batch_end(2)
    came.append("SIGTERM")
    with pytest.raises(Stopped, match=r"^SIGTERM: saved; --resume continues$") as stopped:
        stop.on_train_batch_end(3)
    assert stopped.value.status == 75 and stop.checkpoint.saves == 1


def test_workers_ask_each_other_every_tenth_step_and_at_the_end_of_an_epoch(monkeypatch):
    asked = []

    def gather_texts(strategy, text):
        asked.append(stop.checkpoint.state.step)
        return [text, "SIGTERM" if asked[-1] == 20 else ""]

    monkeypatch.setattr(stop_on_signal, "several_workers", lambda: True)
    monkeypatch.setattr(stop_on_signal, "gather_texts", gather_texts)
    stop = stopping()
    with pytest.raises(Stopped):
        for step in range(1, 21):
            stop.checkpoint.state = TrainingState(1, step)
            stop.on_train_batch_end(step - 1)
    assert asked == [10, 20]
