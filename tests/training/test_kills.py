"""Real processes that are killed: what they leave resumes as if nothing had happened. The long drill is a benchmark."""

import signal

import numpy as np
import pytest
from networks import reset_names

from benchmarks.failure_drills import kill_after_progress, start
from benchmarks.run_equality import differences
from benchmarks.tiny_training import build_tiny, write_config
from wsfcn_tf.__main__ import main
from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import read_record
from wsfcn_tf.training import trainer
from wsfcn_tf.weights import trained

EPOCHS = 3


def held(step, until):
    """What keeps a process from ending before the signal comes, however late that is: of 15 steps, it begins fewer."""
    return "--hold-at-step", str(step), "--until", str(until)


def strokes(folder):
    """Masks of a few rows of some of the run's scenes; returns the options to train with them."""
    scenes = Scenes(ScenesConfig(train=22, val=6, size=32))
    folder.mkdir()
    for name in scenes.names("train")[::3]:
        mask = np.full((32, 32), 255, np.uint8)
        mask[12:20] = scenes.mask(name)[12:20]
        write_mask(folder / f"{name}.png", mask)
    return "--set", f"data.pseudo_masks={{{folder}: hard}}", "--set", "data.mask_share=0.5"


@pytest.fixture
def train_here(tmp_path, monkeypatch):
    """Trains into a folder as the processes do, in this one, whose TensorFlow is there already."""
    config = tmp_path / "config.yaml"
    write_config(str(config), EPOCHS)
    for module in (trainer, trained):
        monkeypatch.setattr(module, "build_model", build_tiny)

    def train(run, *options):
        reset_names()
        assert main(["train", "--config", str(config), "--output", str(run.root), *options]) == 0

    return train


@pytest.mark.parametrize("with_masks", [pytest.param(False, marks=pytest.mark.slow), True])
def test_kills_and_a_polite_end_change_nothing(tmp_path, train_here, with_masks, rng):
    reference, run = RunFolder(tmp_path / "reference"), RunFolder(tmp_path / "run")
    masks = strokes(tmp_path / "strokes") if with_masks else ()
    train_here(reference, *masks)  # not beside the processes: progress is counted from when somebody looks
    killed = start(run.root, *masks, epochs=EPOCHS, drill=held(10, tmp_path / "never"))
    assert kill_after_progress(killed, run, steps=3, delay=rng.uniform(0, 0.3))

    polite = start(run.root, *masks, "--resume", epochs=EPOCHS, drill=held(5, tmp_path / "told"))
    assert kill_after_progress(polite, run, steps=4, delay=0.0, number=signal.SIGTERM, release=tmp_path / "told")
    assert polite.returncode == 75
    last = polite.stderr.read().splitlines()[-1]
    assert last.startswith("SIGTERM: saved after step ") and last.endswith("; --resume continues")

    train_here(run, *masks, "--resume")
    assert differences(reference, run) == []
    assert [entry["outcome"] for entry in read_record(run.record)] == ["killed", "stopped", "finished"]
    assert not (run.root / "lock").exists() and not list(run.root.rglob(".partial-*"))
