import signal
import subprocess
import sys

import pytest

PARENT = """
import os, time
from wsfcn_tf.processes import process_pool
pool = process_pool(1)
assert pool.submit(os.getpid).result() != os.getpid()
pool.submit(time.sleep, 600)  # one that works ends, too
print("started", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_the_one_that_started_them(number):
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"started\n"
        parent.send_signal(number)
        # the pipe ends with the last process that holds it; one that stays would hold it for ever
        assert parent.communicate(timeout=120)[0] == b""
