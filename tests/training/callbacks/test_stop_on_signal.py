"""Signals to this process, and to one that is to die of them."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from wsfcn_tf.errors import Stopped
from wsfcn_tf.training.callbacks.stop_on_signal import StopRequest


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_the_first_signal_waits_for_the_state_to_be_saved(number, status, capfd):
    before = signal.getsignal(number)
    with StopRequest() as stop:
        stop.check("nothing is requested")
        os.kill(os.getpid(), number)
        assert stop.requested == number
        with pytest.raises(Stopped) as stopped:
            stop.check("saved after 3 steps of epoch 2")
    assert stopped.value.status == status
    assert str(stopped.value) == f"{number.name}: saved after 3 steps of epoch 2; --resume continues"
    assert capfd.readouterr().err == f"\n{number.name}: saving after this step; Ctrl-C ends at once\n"
    assert signal.getsignal(number) is before


def test_workers_stop_together():
    stop = StopRequest()
    assert not stop.join(["", ""]) and stop.name == ""
    assert stop.join(["", "SIGTERM"]) and stop.name == "SIGTERM"
    with pytest.raises(Stopped) as stopped:
        stop.check("saved")
    assert stopped.value.status == 75


@pytest.mark.parametrize("first", ["SIGINT", "SIGTERM"])
def test_a_second_ctrl_c_ends_at_once(first):
    script = (
        "import os, signal; from wsfcn_tf.training.callbacks.stop_on_signal import StopRequest\n"
        f"with StopRequest(): os.kill(os.getpid(), signal.{first}); print('still here', flush=True); "
        "os.kill(os.getpid(), signal.SIGINT); print('not here')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "still here\n")


def test_in_another_thread_signals_stay_as_they_are():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def work():
        with StopRequest() as stop:
            seen.append((stop.requested, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(None, before)]
