"""What a Ray cluster of two machines does when processes and machines are killed, and what it costs.

    python -m benchmarks.cluster_drills train     # 20 kills of a worker or a machine, within a training
    python -m benchmarks.cluster_drills label     # 20 kills of a worker or a machine, within labelling of 1,000 photos
    python -m benchmarks.cluster_drills cost      # labelling these photos by workers and by the plain process, in turns

Both "machines" are Ray nodes of this one, each with a CPU and a raylet of its own: all that runs on a node dies with
its raylet. Compared, to the bit, with two processes by `TF_CONFIG`, and with the plain `predict`. Each adds a line to
benchmarks/cluster_drills.jsonl. Needs Ray: requirements-cluster.txt.
"""

import argparse
import datetime
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from PIL import Image

from benchmarks.json_lines import append, lines
from benchmarks.run_equality import arrays
from benchmarks.workers import SETTINGS, finish, start
from wsfcn_tf.runs.folder import RunFolder

_RESULTS = Path(__file__).with_suffix(".jsonl")
_STEPS = 5  # of an epoch, by SETTINGS
_EPOCHS = 12
_COST_ROUNDS = 3


def main() -> None:
    """Runs one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "label", "cost"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.what == "train":
            result = _train(Path(folder), arguments.kills, arguments.seed)
        elif arguments.what == "label":
            result = _label(Path(folder), arguments.photos, arguments.kills, arguments.seed)
        else:
            result = _cost(Path(folder), arguments.photos)
    about = {"what": arguments.what, "date": str(datetime.date.today()), "cores": os.cpu_count()}
    append(_RESULTS, about | result)
    print(lines(_RESULTS)[-1])


# === Two machines ===


class Machines:
    """Two nodes of a CPU each; the second can be lost, and comes back."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self._second = self._cluster.add_node(num_cpus=1)
        self.address = self._cluster.address

    def lose_the_second(self) -> None:
        """Kills it with all that runs on it, and starts another."""
        self._cluster.remove_node(self._second, allow_graceful=False)
        self._second = self._cluster.add_node(num_cpus=1, wait=False)

    def end(self) -> None:
        """Ends both."""
        self._cluster.shutdown()


@contextmanager
def machines() -> Iterator[Machines]:
    """Two machines."""
    both = Machines()
    try:
        yield both
    finally:
        both.end()


def begin_command(log: TextIO, *words: str) -> subprocess.Popen:
    """Starts `python -m wsfcn_tf ...`."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen([sys.executable, "-m", "wsfcn_tf", *words], env=environment, stdout=log, stderr=log)


def titled(title: str) -> list[int]:
    """The processes that Ray has given a title."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if words.startswith(title.encode()):
            found.append(int(path.name))
    return found


def kill_while(
    process: subprocess.Popen,
    both: Machines,
    title: str,
    done: Callable[[], int],
    kills: int,
    least: int,
    rng: np.random.Generator,
) -> dict[str, int]:
    """Kills, in one of three times the second machine and else a process of a title, until it has been done so often.

    Args:
        process: whose work it is; when it has ended, nothing more is killed.
        both: the machines.
        title: of the processes.
        done: how much is done.
        kills: how often.
        least: how much has to be done between.
        rng: draws what is killed, and when.

    Returns:
        How many of each.
    """
    killed, before = {"worker": 0, "machine": 0}, 0
    while process.poll() is None:
        time.sleep(0.02)
        processes = titled(title)
        if sum(killed.values()) == kills or done() < before + least or not processes:
            continue
        time.sleep(rng.uniform(0, 0.3))
        before = done()
        if rng.random() < 1 / 3:
            both.lose_the_second()
            killed["machine"] += 1
        else:
            with suppress(ProcessLookupError):
                os.kill(int(rng.choice(processes)), signal.SIGKILL)
                killed["worker"] += 1
    return killed


# === Training ===


def _train(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    settings = [word for setting in (*SETTINGS, f"training.epochs={_EPOCHS}") for word in ("--set", setting)]
    settings += ["--set", f"training.pretrain_epochs={_EPOCHS}", "--set", "training.checkpoint_every=1"]
    plain, run = folder / "plain", folder / "run"
    finish(plain, start(plain, 2, more=settings))
    config = folder / "run.yaml"
    config.write_text("{}\n")

    def done() -> int:
        last = RunFolder(run).latest_checkpoint()
        return 0 if last is None else last.epochs * _STEPS + last.steps

    words = ["train", "--config", str(config), "--output", str(run), *settings, "--max-failures", "-1"]
    begin = time.perf_counter()
    with machines() as both, (folder / "run.log").open("w") as log:
        process = begin_command(log, *words, "--workers", "2", "--cluster", both.address)
        killed = kill_while(process, both, "ray::RayTrainWorker", done, kills, 2, np.random.default_rng(seed))
    expected, found = arrays(plain / "model.weights.h5"), arrays(run / "model.weights.h5")
    same = expected.keys() == found.keys() and all(np.array_equal(expected[name], found[name]) for name in expected)
    same_table = (plain / "history.csv").read_bytes() == (run / "history.csv").read_bytes()
    return {
        "status": process.returncode,
        "steps": _STEPS * _EPOCHS,
        "kills": killed,
        "seconds": round(time.perf_counter() - begin),
        "same_weights": same,
        "same_history": same_table,
    }


# === Labelling ===


def _network(folder: Path) -> Path:
    """A network that was trained for an epoch."""
    run = folder / "network"
    finish(run, start(run, 1, more=["--set", "training.epochs=1"]))
    return run


def _photos(folder: Path, number: int) -> Path:
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for index in range(number):
        image = rng.integers(0, 256, (48, 48 + index % 5, 3), dtype=np.uint8)
        Image.fromarray(image).save(folder / "photos" / f"{index:04}.png")
    return folder / "photos"


def _predict(photos: Path, run: Path, output: Path, *options: str) -> tuple[subprocess.Popen, Path]:
    """The process, and the file that its lines go to."""
    told = output.with_suffix(".log")
    with told.open("w") as log:
        words = ["predict", str(photos), "--weights", str(run), "--output", str(output), *options]
        return begin_command(log, *words), told


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "prediction.json"}


def _label(folder: Path, number: int, kills: int, seed: int) -> dict[str, Any]:
    run, photos, output = _network(folder), _photos(folder, number), folder / "masks"
    _predict(photos, run, folder / "plain")[0].wait()

    def done() -> int:
        return sum(1 for _ in output.glob("*.jpg")) if output.is_dir() else 0

    begin = time.perf_counter()
    with machines() as both:
        process, log = _predict(photos, run, output, "--workers", "2", "--cluster", both.address)
        rng = np.random.default_rng(seed)
        killed = kill_while(process, both, "ray::Worker", done, kills, number // (2 * kills), rng)
    words = log.read_text().replace("\r", "\n").splitlines()
    told = [line.strip() for line in words if f"{photos}/" in line]
    expected, found = _files(folder / "plain"), _files(output)
    return {
        "status": process.returncode,
        "photos": number,
        "kills": killed,
        "seconds": round(time.perf_counter() - begin),
        "same_files": expected == found,
        "told_once": len(told) == len(set(told)) == number,
    }


def _cost(folder: Path, number: int) -> dict[str, Any]:
    """Seconds of the whole command; Ray's start is counted by labelling few photos."""
    run, photos = _network(folder), _photos(folder, number)
    few = folder / "few"
    few.mkdir()
    for path in sorted(photos.iterdir())[:16]:
        (few / path.name).hardlink_to(path)
    cases = {"plain": (), "one worker": ("--workers", "1"), "two workers": ("--workers", "2")}
    seconds: dict[str, list[float]] = {}
    for turn in range(_COST_ROUNDS):
        for name, options in cases.items():
            for kind, source in (("few", few), ("all", photos)):
                output = folder / f"{name} {kind} {turn}".replace(" ", "-")
                begin = time.perf_counter()
                _predict(source, run, output, *options)[0].wait()
                seconds.setdefault(f"{name}, {kind}", []).append(time.perf_counter() - begin)
    median = {name: float(np.median(values)) for name, values in seconds.items()}
    return {
        "photos": number,
        "seconds": {name: round(value, 1) for name, value in median.items()},
        "milliseconds_a_photo": {
            name: round(1000 * (median[f"{name}, all"] - median[f"{name}, few"]) / (number - 16), 1) for name in cases
        },
    }


if __name__ == "__main__":
    main()
