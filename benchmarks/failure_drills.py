"""Failure drills: what a training leaves when it is killed, fed NaN or a torn photo, or when the disk is full.

    python -m benchmarks.failure_drills [--kills 20] [--seed 0] [DRILL ...]

Each drill is a line of failure_drills.md; one that goes wrong ends the script with an error. As root, the full disk is
a tmpfs of a few megabytes; without these rights, it is a limit on the size of files.
"""

import argparse
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.measure import alternating_seconds, where
from benchmarks.run_equality import differences
from benchmarks.tiny_training import write_config
from wsfcn_tf.files import replacing, write_text
from wsfcn_tf.runs import checkpoints
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import read_record

_STEPS = 5  # of an epoch


def start(
    root: Path,
    *options: str,
    epochs: int,
    drill: tuple[str, ...] = (),
    prepare: Callable[[], None] | None = None,
) -> subprocess.Popen:
    """A process that trains into `root`; `drill` goes to `benchmarks.tiny_training`."""
    config = root.parent / f"{epochs}-epochs.yaml"
    if not config.is_file():  # in a drill, its disk may be full by now
        write_config(str(config), epochs)
    command = [sys.executable, "-m", "benchmarks.tiny_training", *drill, "train", "--config", config]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [*map(str, command), "--output", str(root), *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


def kill_after_progress(
    process: subprocess.Popen,
    run: RunFolder,
    steps: int,
    delay: float,
    number: int = signal.SIGKILL,
    release: Path | None = None,
) -> bool:
    """Sends a signal when the run has got on by so many steps, and a delay after that; whether it was still alive.

    `release` is then made, which a process may wait for (`benchmarks.tiny_training --until`).
    """
    begin = _steps_done(run)
    while process.poll() is None and _steps_done(run) < begin + steps:
        time.sleep(0.005)
    time.sleep(delay)
    alive = process.poll() is None
    process.send_signal(number)
    if release is not None:
        release.touch()
    process.wait()
    return alive


def _steps_done(run: RunFolder) -> int:
    last = run.latest_checkpoint()
    return 0 if last is None else last.epochs * _STEPS + last.steps


def _error(process: subprocess.Popen) -> tuple[int, str]:
    """Exit status and the last line of stderr."""
    _, text = process.communicate()
    return process.returncode, (text.strip().splitlines() or [""])[-1]


def _check(holds: bool, told: object) -> None:
    if not holds:
        raise SystemExit(f"the drill went wrong: {told}")


def _resumed(folder: Path, run: RunFolder, epochs: int, *options: str) -> None:
    status, line = _error(start(run.root, "--resume", *options, epochs=epochs))
    _check(status == 0, line)
    found = differences(RunFolder(folder / "reference"), run)
    _check(not found, found)


# === Drills: each returns what happened ===


def kills(folder: Path, epochs: int, count: int, seed: int) -> str:
    """SIGKILL at random moments of training: in steps, checkpoints and validation."""
    rng, run, places = np.random.default_rng(seed), RunFolder(folder / "killed"), []
    while len(places) < count:
        process = start(run.root, "--resume", epochs=epochs)
        if kill_after_progress(process, run, int(rng.integers(1, 5)), rng.uniform(0, 0.5)):
            places.append(_steps_done(run))
        else:
            break
    _resumed(folder, run, epochs)
    outcomes = [entry["outcome"] for entry in read_record(run.record)]
    return (
        f"{len(places)} kills, after steps {', '.join(map(str, places))}: weights, momentum, tables, best epoch as of "
        f"the run without; the record tells of {outcomes.count('killed')}"
    )


def sigterm(folder: Path, epochs: int) -> str:
    """SIGTERM, as a batch scheduler sends it."""
    run = RunFolder(folder / "terminated")
    process = start(run.root, epochs=epochs)
    kill_after_progress(process, run, 7, 0.0, signal.SIGTERM)
    status, line = _error(process)
    _check(status == 75, line)
    _resumed(folder, run, epochs)
    return f"status 75, `{line}`; resumed: as of the run without"


def nan(folder: Path, epochs: int) -> str:
    """One NaN in the pixels of the batch of step 8."""
    run = RunFolder(folder / "nan")
    status, line = _error(start(run.root, epochs=epochs, drill=("--nan-at-step", "8")))
    _check(status == 2 and "not finite" in line, line)
    _check(_steps_done(run) == 7, _steps_done(run))
    _resumed(folder, run, epochs)
    return (
        f"status 2, `{_short(line, folder)}`; the last checkpoint is that of step 7; resumed without the NaN: as of "
        "the run without"
    )


def corrupt_photo(folder: Path, epochs: int) -> str:
    """A photo that is cut short while training runs, with data.on_bad_image error and skip."""
    data = folder / "photos"
    data.mkdir()
    rng = np.random.default_rng(0)
    rows = ["image,tags"]
    for index in range(22):
        cv2.imwrite(str(data / f"{index:02d}.jpg"), rng.integers(0, 256, (32, 32, 3), np.uint8))
        rows.append(f"{index:02d}.jpg,{'abcdef'[index % 6]}")
    write_text(data / "tags.csv", "\n".join(rows) + "\n")
    options = ["--set", "data.format=tagged", "--set", f"data.root={data}", "--set", "training.select=last"]
    options += ["--set", "training.validate_every=0"]
    run, torn = RunFolder(folder / "torn"), data / "03.jpg"
    process = start(run.root, *options, epochs=epochs)
    while process.poll() is None and _steps_done(run) < 3:
        time.sleep(0.005)
    whole = torn.read_bytes()
    torn.write_bytes(whole[:300])
    status, line = _error(process)
    _check(
        status == 2 and line == f"error: {torn}: the image file is cut short: copy it again or remove it from the data",
        line,
    )
    step = _steps_done(run)
    torn.write_bytes(whole)
    status, again = _error(start(run.root, *options, "--resume", epochs=epochs))
    _check(status == 0, again)
    torn.write_bytes(whole[:300])
    skipping = RunFolder(folder / "skipping")
    status, told = _error(start(skipping.root, *options, "--set", "data.on_bad_image=skip", epochs=epochs))
    _check(status == 0 and skipping.bad_images.read_text().startswith("03.jpg\t"), told)
    return (
        f"status 2, `{_short(line, folder)}`, checkpoint of step {step} whole; mended and resumed: status 0. With "
        "data.on_bad_image=skip: status 0, listed in bad_images.txt"
    )


def full_disk(folder: Path, epochs: int) -> str:
    """A disk that is full when the second epoch is saved; then there is room again."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        return _limited_files(folder, epochs)
    run, filler = RunFolder(disk / "run"), disk / "filler"
    process = start(run.root, epochs=epochs)
    try:
        while process.poll() is None and _steps_done(run) < 6:
            time.sleep(0.005)
        _fill(filler)
        status, line = _error(process)
        _check(status == 2 and "No space left on device; make room on the disk" in line, line)
        _check(checkpoints.set_aside_damaged(run) == [], "a damaged checkpoint")
        step = _steps_done(run)
        status, again = _error(start(run.root, "--resume", epochs=epochs))
        _check(status == 2 and "No space left" in again, again)
        filler.unlink()
        _resumed(folder, run, epochs)
    finally:
        process.kill()
        process.wait()
        subprocess.run(["umount", "--lazy", disk], check=True)
    return (
        f"tmpfs: status 2, `{_short(line, folder)}`, checkpoint of step {step} whole; --resume while it is full: "
        "status 2; with room again: as of the run without"
    )


def _fill(path: Path) -> None:
    """Takes what room there is, until nothing has been left for a while."""
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            with suppress(OSError):
                while True:
                    file.write(b"0" * 4096)
            time.sleep(0.01)


def _limited_files(folder: Path, epochs: int) -> str:
    run = RunFolder(folder / "limited")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    status, line = _error(start(run.root, epochs=epochs, prepare=limit))
    _check(status == 2 and "File too large" in line, line)
    return f"RLIMIT_FSIZE: status 2, `{_short(line, folder)}`"


def torn_checkpoint(folder: Path, epochs: int) -> str:
    """The last checkpoint loses its second half."""
    run = RunFolder(folder / "torn-checkpoint")
    kill_after_progress(start(run.root, epochs=epochs), run, 8, 0.0)
    last = run.latest_checkpoint().folder
    data = (last / "optimizer.npz").read_bytes()
    (last / "optimizer.npz").write_bytes(data[: len(data) // 2])
    _resumed(folder, run, epochs)
    aside = [path.name for path in (run.root / "checkpoints").glob("damaged-*")]
    _check(aside == [f"damaged-{last.name}"], aside)
    return f"{last.name} is told and set aside as {aside[0]}; resumed from the one before: as of the run without"


def two_runs(folder: Path, epochs: int) -> str:
    """A second process on the folder of one that trains."""
    run = RunFolder(folder / "shared")
    first = start(run.root, epochs=epochs)
    while first.poll() is None and _steps_done(run) < 2:
        time.sleep(0.005)
    status, line = _error(start(run.root, "--resume", epochs=epochs))
    _check(status == 2 and "is training into this folder; choose another --output" in line, line)
    status, told = _error(first)
    _check(status == 0, told)
    found = differences(RunFolder(folder / "reference"), run)
    _check(not found, found)
    return f"the second: status 2, `{_short(line, folder)}`; the first: as of the run without"


def clock(folder: Path, epochs: int) -> str:
    """The wall clock goes back an hour each time that Python asks for it."""
    run = RunFolder(folder / "clock")
    status, line = _error(start(run.root, epochs=epochs, drill=("--clock-goes-back",)))
    _check(status == 0, line)
    found = differences(RunFolder(folder / "reference"), run)
    _check(not found, found)
    return "status 0, as of the run without"


def small_files(folder: Path, epochs: int) -> str:
    """What waiting for the disk costs for files like predict's, which does not wait."""
    count, data = 200, b"0" * 20_000

    def write(durable: bool) -> None:
        for index in range(count):
            with replacing(folder / "small" / f"{index}.png", durable=durable) as path:
                path.write_bytes(data)

    seconds = alternating_seconds({"not": lambda: write(False), "durable": lambda: write(True)}, rounds=5)
    each = {name: f"{1000 * value / count:.2f} ms" for name, value in seconds.items()}
    return f"a file of 20 kB: {each['not']} as predict writes it, {each['durable']} as checkpoints are written"


def _short(line: str, folder: Path) -> str:
    """Without what is of this machine."""
    line = line.replace(str(folder), "FOLDER")
    return re.sub(r"process \d+ on \S+ since \S+,", "process PID on HOST, since TIME,", line)


def main(names: list[str], count: int, seed: int, epochs: int) -> None:
    """Runs the drills of these names, or all, and prints the table."""
    functions = (sigterm, nan, corrupt_photo, full_disk, torn_checkpoint, two_runs, clock, small_files)
    drills: dict[str, Callable[..., str]] = {function.__name__: function for function in functions}
    drills["kills"] = partial(kills, count=count, seed=seed)
    folder = Path(tempfile.mkdtemp())
    try:
        status, line = _error(start(folder / "reference", epochs=epochs))
        _check(status == 0, line)
        print(f"{where()}\n\n| drill | what happened |\n|---|---|", flush=True)
        for name in names or drills:
            print(f"| {name} | {drills[name](folder, epochs)} |", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("drill", nargs="*")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()
    main(arguments.drill, arguments.kills, arguments.seed, arguments.epochs)
