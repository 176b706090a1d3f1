"""What the drills have a cluster do: a training and the labelling of photos, each with what it must come to."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.run_equality import arrays
from benchmarks.workers import SETTINGS, finish, start
from wsfcn_tf.runs.folder import RunFolder

_STEPS = 5  # of an epoch, by SETTINGS
_EPOCHS = 12


class Job(NamedTuple):
    """A command that several workers share.

    Attributes:
        words: of `python -m wsfcn_tf`, without what says where its workers are.
        title: that Ray gives its workers' processes.
        done: how many steps or photos are done.
        total: of how many.
        compared: what is told of its outputs, by the file that its lines went to.
    """

    words: list[str]
    title: str
    done: Callable[[], int]
    total: int
    compared: Callable[[Path], dict[str, int | bool]]


def training(folder: Path) -> Job:
    """A training of a small network, a checkpoint every step; it must be that of two processes by `TF_CONFIG`."""
    more = [f"training.epochs={_EPOCHS}", f"training.pretrain_epochs={_EPOCHS}", "training.checkpoint_every=1"]
    settings = [word for setting in (*SETTINGS, *more) for word in ("--set", setting)]
    plain, run, config = folder / "plain", folder / "run", folder / "run.yaml"
    finish(plain, start(plain, 2, more=settings))
    config.write_text("{}\n")

    def done() -> int:
        last = RunFolder(run).latest_checkpoint()
        return 0 if last is None else last.epochs * _STEPS + last.steps

    def compared(_: Path) -> dict[str, int | bool]:
        expected, found = arrays(plain / "model.weights.h5"), arrays(run / "model.weights.h5")
        same = expected.keys() == found.keys() and all(np.array_equal(expected[name], found[name]) for name in expected)
        same_table = (plain / "history.csv").read_bytes() == (run / "history.csv").read_bytes()
        return {"same_weights": same, "same_history": same_table}

    words = ["train", "--config", str(config), "--output", str(run), *settings, "--max-failures", "-1"]
    return Job(words, "ray::RayTrainWorker", done, _STEPS * _EPOCHS, compared)


def labelling(folder: Path, number: int) -> Job:
    """Small photos' labels; they must be those of one process, and no photo told twice."""
    run, photos, output, plain = network(folder), draw_photos(folder, number), folder / "masks", folder / "plain"
    slow = ["--set", "inference.scales=[1,4,8]"]  # so that a worker that starts again has something left to do
    words = ["predict", str(photos), "--weights", str(run), *slow, "--output"]
    with (folder / "plain.log").open("w") as log:
        subprocess.run(command(*words, str(plain)), env=quiet(), stdout=log, stderr=log, check=True)

    def done() -> int:
        return sum(1 for _ in output.glob("*.jpg")) if output.is_dir() else 0

    def compared(log: Path) -> dict[str, int | bool]:
        told = [line.strip() for line in log.read_text().replace("\r", "\n").splitlines() if f"{photos}/" in line]
        twice = len(told) - len(set(told))
        return {"same_files": _outputs(plain) == _outputs(output), "told": len(set(told)), "told_twice": twice}

    return Job([*words, str(output)], "ray::Worker", done, number, compared)


def network(folder: Path) -> Path:
    """A run whose network was trained for an epoch."""
    run = folder / "network"
    finish(run, start(run, 1, more=["--set", "training.epochs=1"]))
    return run


def draw_photos(folder: Path, number: int) -> Path:
    """A folder of small photos of random pixels."""
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for index in range(number):
        image = rng.integers(0, 256, (48, 48 + index % 5, 3), dtype=np.uint8)
        Image.fromarray(image).save(folder / "photos" / f"{index:04}.png")
    return folder / "photos"


def command(*words: str) -> list[str]:
    """`python -m wsfcn_tf` with words."""
    return [sys.executable, "-m", "wsfcn_tf", *words]


def quiet() -> dict[str, str]:
    """The environment of this process, with TensorFlow's errors alone."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


def _outputs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "prediction.json"}
