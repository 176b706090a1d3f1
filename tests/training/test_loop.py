"""The loop around a cheap step of a tiny network: tracing, order, bad photos, losses that are not finite."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from short_runs import CONFIG, SCENES, UnmaskedScenes, train, with_training

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs import checkpoints
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training import loop, trainer


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(trainer, "build_model", build_tiny)


def test_the_step_is_traced_once_before_and_once_after_the_switch(tmp_path, monkeypatch):
    steps = []

    def compile_cheap_step(strategy, model, compile_step=loop.compile_step):
        cheap = SimpleNamespace(update=lambda images, tags, _: {"loss": tf.reduce_mean(images, axis=[1, 2, 3])})
        steps.append(compile_step(strategy, cheap))
        return steps[0]

    monkeypatch.setattr(loop, "compile_step", compile_cheap_step)
    train(with_training(epochs=4, panels=0), SCENES, RunFolder(tmp_path))
    assert steps[0].experimental_get_tracing_count() == 2


def test_the_next_step_is_dispatched_before_values_are_read(tmp_path, monkeypatch):
    """And no checkpoint is written before its step's values were."""
    events = []

    class Value:
        def __init__(self, step):
            self.step = step

        def numpy(self):
            events.append(f"read {self.step}")
            return np.ones(2)

    def compile_cheap_step(strategy, model):
        numbers = iter(range(1, 5))

        def step(images, tags, self_supervision):
            number = next(numbers)
            events.append(f"step {number}")
            return {"loss": Value(number)}

        return step

    monkeypatch.setattr(loop, "compile_step", compile_cheap_step)
    monkeypatch.setattr(checkpoints, "save", lambda *_: events.append("save"))
    train(with_training(panels=0), SCENES, RunFolder(tmp_path))
    one_epoch = ["step 1", "step 2", "read 1", "read 2", "save"]
    assert events == [*one_epoch, "step 3", "step 4", "read 3", "read 4", "save"]


# === Photos that cannot be read ===


class TornScene(UnmaskedScenes):
    """One scene cannot be read."""

    def image(self, name):
        if name == "train_0003":
            raise UserError(f"{name}: is torn")
        return super().image(name)


def test_a_bad_photo_is_replaced_and_listed(tmp_path, monkeypatch, capsys):
    def compile_cheap_step(strategy, model):
        return lambda images, tags, self_supervision: {"loss": tf.ones(2)}

    monkeypatch.setattr(loop, "compile_step", compile_cheap_step)
    run = RunFolder(tmp_path)
    config = replace(with_training(panels=0, epochs=3), data=replace(CONFIG.data, on_bad_image="skip"))
    train(config, TornScene(CONFIG.data.scenes), run)
    assert run.bad_images.read_text() == "train_0003\ttrain_0003: is torn\n"
    line = f"1 of 5 photos cannot be read, others replace them: {run.bad_images}\n"
    assert line in capsys.readouterr().out


# === A loss that is not finite ===


def test_loss_that_is_not_finite_names_the_images(tmp_path, monkeypatch):
    def compile_poisoned_step(strategy, model):
        return lambda images, tags, self_supervision: {"loss": tf.constant([1.0, np.nan])}

    monkeypatch.setattr(loop, "compile_step", compile_poisoned_step)
    names = SCENES.names("train")
    first, second = (names[index] for index in np.random.default_rng([0, 0]).permutation(5)[:2])  # seed 0, epoch 0
    run = RunFolder(tmp_path)
    with pytest.raises(UserError) as error:
        train(CONFIG, SCENES, run)
    assert str(error.value) == (
        f"the loss is not finite in epoch 1 on {first}, {second} (!); lower training.learning_rate, or check them"
    )
    assert not run.checkpoints() and not run.weights.exists()
