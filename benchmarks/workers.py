"""Two processes that train one network on this machine, and one of them killed.

Run `python -m benchmarks.workers`. Runs of the same experiment, through train.py: one process; two workers; two workers
of which one gets SIGTERM, or SIGKILL (worker 1, and 0, which is the chief), after the first epoch, and both are started
again with --resume. Tells how far the networks are apart.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.run_equality import arrays

_ROOT = Path(__file__).parents[1]
_EPOCHS = 4
# randomness off, BatchNorms fixed: what differs between devices is off; the rest must agree
SETTINGS = (
    "data.format=scenes",
    "data.scenes.train=20",
    "data.scenes.size=32",
    "data.crop_size=32",
    "model.width=0.125",
    "model.head=cam",
    "model.dropout=false",
    f"training.epochs={_EPOCHS}",
    f"training.pretrain_epochs={_EPOCHS}",
    "training.batch_size=4",
    "training.learning_rate=0.00001",
    "training.keep_checkpoints=100",
    "training.panels=0",
)


class Killed(NamedTuple):
    """How the worker that was left ended, and after which epoch the run can go on."""

    seconds: float
    status: int
    message: str
    epochs: int


def start(output: Path, workers: int, resume: bool = False, more: Sequence[str] = ()) -> list[subprocess.Popen]:
    """Starts a run in so many processes, the first of them the chief; logs are beside `output`."""
    config = output.with_suffix(".yaml")
    config.write_text("{}\n")
    addresses = [f"localhost:{port}" for port in _free_ports(workers)]
    command = [sys.executable, "train.py", "--config", str(config), "--output", str(output)]
    command += [word for setting in SETTINGS for word in ("--set", setting)] + ["--resume"] * resume
    command += more
    processes = []
    for index in range(workers):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(task)} if workers > 1 else {**os.environ}
        with _log(output, index).open("a") as log:
            processes.append(subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=log, stderr=log))
    return processes


def finish(output: Path, processes: list[subprocess.Popen]) -> None:
    """Waits for the end of a run. Raises RuntimeError if one of its processes failed."""
    for index, process in enumerate(processes):
        if process.wait():
            raise RuntimeError(
                f"worker {index}: status {process.returncode}: {_log(output, index).read_text()[-2000:]}"
            )


def stop_one(output: Path, asked: int) -> list[int]:
    """A run of two workers of which one is asked to stop after the first epoch; returns how both ended."""
    processes = _start_two(output)
    processes[asked].send_signal(signal.SIGTERM)
    return [process.wait() for process in processes]


def kill_one(output: Path, victim: int) -> Killed:
    """A run of two workers of which one is killed after the first epoch; waits until the other has ended."""
    processes = _start_two(output)
    processes[victim].send_signal(signal.SIGKILL)
    begin = time.perf_counter()
    status = processes[1 - victim].wait()
    seconds = time.perf_counter() - begin
    processes[victim].wait()
    lines = _log(output, 1 - victim).read_text().strip().splitlines()
    message = next((line for line in reversed(lines) if line.startswith("error: ")), lines[-1])
    return Killed(seconds, status, message, last_epoch(output))


def last_epoch(output: Path) -> int:
    """After how many epochs a run has a checkpoint."""
    return max(int(folder.name[-4:]) for folder in (output / "checkpoints").glob("epoch-????"))


def _start_two(output: Path) -> list[subprocess.Popen]:
    """Two workers; returns after the first epoch."""
    processes = start(output, 2)
    while not (output / "checkpoints" / "epoch-0001").is_dir():
        if any(process.poll() is not None for process in processes):
            raise RuntimeError(_log(output, 0).read_text()[-2000:])
        time.sleep(0.01)
    return processes


def distance(one: Path, other: Path) -> float:
    """The largest difference between two runs' networks, over the largest weight of its kind."""
    first, second = (arrays(run / "model.weights.h5") for run in (one, other))
    if first.keys() != second.keys():
        raise ValueError(f"{one} and {other} hold different variables")
    return max(
        float(np.abs(value - second[name]).max() / max(np.abs(value).max(), 1e-6)) for name, value in first.items()
    )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _log(output: Path, index: int) -> Path:
    return output.with_suffix(f".{index}.log")


def main() -> None:
    """Prints what was found."""
    with tempfile.TemporaryDirectory() as folder:
        one, two, stopped = (Path(folder) / name for name in ("one", "two", "stopped"))
        finish(one, start(one, 1))
        finish(two, start(two, 2))
        weights = len(arrays(one / "model.weights.h5"))
        print(f"{weights} weights, {_EPOCHS} epochs of 5 steps; largest differences, relative.\n")
        print(f"Two workers against one process: {distance(one, two):.1e}", flush=True)
        statuses = stop_one(stopped, asked=1)
        print(f"\nWorker 1 gets SIGTERM: they end with {statuses}, after epoch {last_epoch(stopped)}.")
        finish(stopped, start(stopped, 2, resume=True))
        print(f"Both resumed, against two that were not interrupted: {distance(two, stopped):.1e}", flush=True)
        for victim in (1, 0):
            killed = Path(folder) / f"killed{victim}"
            found = kill_one(killed, victim)
            message = re.sub(r"\s+", " ", found.message)
            print(
                f"\nWorker {victim} killed: the other ended after {found.seconds:.0f} s with status {found.status}, "
                f"and said `{message[:300]}`. The last checkpoint is that of epoch {found.epochs}.",
                flush=True,
            )
            finish(killed, start(killed, 2, resume=True))
            print(f"Both resumed, against two that were not interrupted: {distance(two, killed):.1e}", flush=True)


if __name__ == "__main__":
    main()
