"""`fit` that is interrupted and goes on. That our own loop does is tested in test_trainer.py and test_kills.py."""

import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny_loops
from tiny_loops import BATCH, EPOCHS, STEPS, At, by_fit, by_loop, compiled_model, eagerly, fit_from_last_checkpoint

from benchmarks.run_equality import arrays
from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training import Objective
from wsfcn_tf.training.async_means import AsyncMeans
from wsfcn_tf.training.callbacks import Checkpoint, EpochTables, LossSwitch, StopOnSignal


@pytest.fixture(autouse=True)
def uncompiled():
    with eagerly():
        yield


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


def interrupt():
    raise KeyboardInterrupt


def assert_equal_weights(one, other):
    for value, expected in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_fit_goes_on_from_the_end_of_an_epoch_with_any_dataset(tmp_path):
    images = tf.data.Dataset.from_tensor_slices(np.random.default_rng(0).random((8, 16, 16, 3), np.float32))
    tags = tf.data.Dataset.from_tensor_slices(np.eye(6, dtype=np.float32)[[0, 1, 2, 3, 4, 5, 0, 1]])
    dataset = tf.data.Dataset.zip((images, tags)).batch(4)

    def train(run, *others):
        model, checkpoint = compiled_model(), Checkpoint(run)
        first = checkpoint.state.epoch
        callbacks = [LossSwitch(1), EpochTables(run), *others, checkpoint]
        model.fit(dataset, epochs=3, initial_epoch=first, shuffle=False, verbose=0, callbacks=callbacks)
        return model

    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    expected = train(whole)
    with pytest.raises(KeyboardInterrupt):
        train(run, At(1, 1, interrupt))
    assert run.latest_checkpoint()[:2] == (1, 0)
    assert_equal_weights(train(run), expected)
    assert run.history.read_bytes() == whole.history.read_bytes()
    assert [row for row, _ in run.checkpoints()] == [2, 3]


def test_a_killed_fit_goes_on_within_the_epoch_where_the_dataset_is_ours(tmp_path):
    """Killed in a process of its own."""
    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    killed = subprocess.Popen(
        [sys.executable, tiny_loops.__file__, run.root, "1", "2"], env=environment, stderr=subprocess.DEVNULL
    )
    fit_from_last_checkpoint(whole)
    assert killed.wait() == -signal.SIGKILL
    assert run.latest_checkpoint()[:2] == (1, 2)
    fit_from_last_checkpoint(run)
    assert run.history.read_bytes() == whole.history.read_bytes()
    for name in ("model.weights.h5", "raw.weights.h5", "optimizer.npz"):
        expected = arrays(whole.checkpoint(EPOCHS) / name)
        for key, value in arrays(run.checkpoint(EPOCHS) / name).items():
            np.testing.assert_array_equal(value, expected[key])


# === Which steps, in both loops ===


def resumed(run, train, epoch, step, *others, **arguments):
    """Trains from a state on; returns the epochs and steps that a callback has seen, and the checkpoint."""
    start = TrainingState(epoch, step, EpochTotals(BATCH * step, dict.fromkeys(Objective.names, 0.0)))
    seen, means = [], AsyncMeans() if train is by_loop else None
    counter = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append([epoch]),
        on_train_batch_end=lambda batch, logs: seen[-1].append(batch),
    )
    checkpoint = Checkpoint(run, state=start, means=means, **arguments)
    options = {"means": means} if means else {}
    train(compiled_model(), [LossSwitch(1), counter, checkpoint, *others], start, **options)
    return seen, checkpoint


@pytest.mark.parametrize(
    ("train", "first"), [(by_fit, [1, 0]), (by_loop, [1, 2])], ids=["fit", "loop"]
)  # `fit` counts the steps of a resumed epoch from 0
def test_an_epoch_that_is_resumed_has_its_other_steps_and_the_next_has_all(run, train, first):
    seen, checkpoint = resumed(run, train, 1, STEPS - 1)
    assert seen == [first, [2, 0, 1, 2]]
    assert checkpoint.state == TrainingState(EPOCHS)


@pytest.mark.parametrize("train", [by_fit, by_loop], ids=["fit", "loop"])
def test_another_callback_ends_the_training_in_a_resumed_epoch(run, train):
    class StopsAfterAnEpoch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    class StopsBefore(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    seen, checkpoint = resumed(run, train, 1, 1, StopsAfterAnEpoch())
    assert len(seen) == 1 and checkpoint.state == TrainingState(2)
    other = RunFolder(run.root / "other")
    seen, checkpoint = resumed(other, train, 1, 1, StopsBefore())
    assert (checkpoint.state.epoch, checkpoint.state.step) == (1, 2) == other.latest_checkpoint()[:2]


@pytest.mark.parametrize("train", [by_fit, by_loop], ids=["fit", "loop"])
def test_it_is_saved_every_so_many_steps_and_what_belongs_to_it_before(run, train):
    saved = []
    before = lambda epoch: saved.append((epoch, run.latest_checkpoint() and run.latest_checkpoint()[:2]))  # noqa: E731
    resumed(run, train, 0, 0, every=2, before_saving=before)
    assert saved == [(0, None), (1, (1, 0)), (2, (2, 0))]  # of three steps, the second
    assert [epochs for epochs, _ in run.checkpoints()] == [2, 3] and not run.checkpoints_within()


@pytest.mark.parametrize("train", [by_fit, by_loop], ids=["fit", "loop"])
@pytest.mark.parametrize("step", [0, STEPS - 1])
def test_a_signal_stops_where_training_can_go_on(run, train, step):
    """`fit` cannot begin behind the last step of an epoch: there it ends after the epoch."""
    checkpoint = Checkpoint(run, means=AsyncMeans() if train is by_loop else None)
    asking = At(1, step, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Stopped) as stopped:
        train(compiled_model(), [LossSwitch(1), asking, checkpoint, StopOnSignal(checkpoint)])
    saved = (1, step + 1) if step == 0 or train is by_loop else (2, 0)
    where = f"step {step + 1} of {STEPS} of epoch 2" if saved[1] else "epoch 2"
    assert str(stopped.value) == f"SIGTERM: saved after {where}; --resume continues"
    assert run.latest_checkpoint()[:2] == saved


def test_fit_from_another_epoch_than_the_checkpoints(run):
    by_fit(compiled_model(), [Checkpoint(run)])
    with pytest.raises(UserError) as error:
        by_fit(compiled_model(), [Checkpoint(run)])
    assert str(error.value) == (
        f"{run.root}: the last checkpoint is that of epoch 3, not of 0; give fit "
        "initial_epoch=checkpoint.state.epoch, or choose another folder"
    )


def test_a_damaged_checkpoint_is_set_aside(run, capsys):
    by_fit(compiled_model(), [Checkpoint(run)])
    (run.checkpoint(EPOCHS) / "optimizer.npz").unlink()
    assert Checkpoint(run).state == TrainingState(EPOCHS - 1)
    assert "epoch-0003: is damaged (optimizer.npz is missing), renamed to damaged-epoch-0003" in capsys.readouterr().out
