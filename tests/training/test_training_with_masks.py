"""Whole runs of a tiny network on scenes of which some have masks, whole or in part."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from short_runs import CONFIG as SHORT
from short_runs import train

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs import epoch_table
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training import trainer

pytestmark = pytest.mark.usefixtures("few_weights")

CONFIG = replace(
    SHORT,
    data=replace(SHORT.data, masks="train", scenes=ScenesConfig(train=9, val=1, size=48)),
    training=replace(SHORT.training, panels=0, epochs=3),
)


def with_data(**settings):
    return replace(CONFIG, data=replace(CONFIG.data, **settings))


class PartlyMasked(Scenes):
    """Scenes of which `masks` has some; evaluation's masks may not be read."""

    def __init__(self, masks=None):
        super().__init__(CONFIG.data.scenes)
        self.masks = masks or {}

    def mask(self, name):
        raise AssertionError(f"the mask of {name} was read")

    def training_mask(self, name, drawing):
        return self.masks.get(name)


def true_mask(name):
    return Scenes(CONFIG.data.scenes).mask(name)


def stroke(name):
    """Three rows of a scene's mask."""
    mask = np.full_like(true_mask(name), 255)
    mask[20:23] = true_mask(name)[20:23]
    return mask


MASKS = {"train_0001": true_mask("train_0001"), "train_0002": stroke("train_0002"), "train_0004": stroke("train_0004")}


@pytest.fixture(autouse=True)
def tiny_networks(monkeypatch):
    monkeypatch.setattr(trainer, "build_model", build_tiny)


def assert_same(one, run, other, other_run):
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert run.history.read_bytes() == other_run.history.read_bytes()


def test_no_mask_there_is_a_run_without_to_the_bit(tmp_path):
    runs, models = [RunFolder(tmp_path / name) for name in ("never", "train")], []
    for run, masks in zip(runs, ("never", "train"), strict=True):
        models.append(train(with_data(masks=masks), PartlyMasked(), run))
    assert_same(models[0], runs[0], models[1], runs[1])
    assert runs[0].training_data.read_bytes() == runs[1].training_data.read_bytes()
    assert float(epoch_table.read(runs[0].history)[-1]["mask"]) > 0


def test_masks_teach_before_the_switch_and_after(tmp_path):
    run = RunFolder(tmp_path)
    train(CONFIG, PartlyMasked({name: true_mask(name) for name in PartlyMasked().names("train")}), run)
    for row in epoch_table.read(run.history):
        assert float(row["mask"]) > 0 and float(row["labelled"]) == 1


def test_resuming_with_masks_continues_exactly(tmp_path):
    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    model = train(CONFIG, PartlyMasked(MASKS), whole)

    class Interrupting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_begin(self, batch, logs=None):
            if (self.epoch, batch) == (1, 2):
                raise KeyboardInterrupt

    every = replace(CONFIG, training=replace(CONFIG.training, checkpoint_every=1))
    with pytest.raises(KeyboardInterrupt):
        train(every, PartlyMasked(MASKS), run, callbacks=[Interrupting()])
    assert run.latest_checkpoint()[:2] == (1, 2)

    changed = {**MASKS, "train_0002": true_mask("train_0002")}
    with pytest.raises(UserError) as error:
        train(CONFIG, PartlyMasked(changed), run, resume=True)
    words = "the training data is not what this run began with: 1 with another mask (train_0002); put it back, or "
    assert str(error.value).startswith(words)
    with pytest.raises(UserError) as error:
        train(CONFIG, PartlyMasked({name: MASKS[name] for name in list(MASKS)[:1]}), run, resume=True)
    assert "began with: 2 with another mask (train_0002, …); put" in str(error.value)

    assert_same(train(CONFIG, PartlyMasked(MASKS), run, resume=True), run, model, whole)


def test_pseudo_masks_that_are_trusted_are_masks(tmp_path):
    folder = tmp_path / "predicted"
    folder.mkdir()
    for name, mask in MASKS.items():
        write_mask(folder / f"{name}.png", mask)
    runs = [RunFolder(tmp_path / name) for name in ("masks", "pseudo")]
    model = train(CONFIG, PartlyMasked(MASKS), runs[0])
    other = train(with_data(masks="never", pseudo_masks={str(folder): "hard"}), PartlyMasked(), runs[1])
    assert_same(model, runs[0], other, runs[1])
