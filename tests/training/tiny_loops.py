"""A tiny network, trained on the same batches by `fit` and by our own loop; and `fit` in a process that kills itself.

    python tiny_loops.py RUN EPOCH STEP

trains by `fit` into RUN, until SIGKILL before a step of an epoch.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import contextmanager, nullcontext

import keras
import tensorflow as tf
from networks import reset_names

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import (
    DataConfig,
    ExperimentConfig,
    ModelConfig,
    ScenesConfig,
    SelfSupervisionConfig,
    TrainingConfig,
)
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.pipeline import training_batches
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.training.async_means import AsyncMeans, reads_batch_logs
from wsfcn_tf.training.callbacks import Checkpoint, EpochTables, LossSwitch
from wsfcn_tf.training.loop import run_epochs

EPOCHS, STEPS, BATCH = 3, 3, 4
CONFIG = ExperimentConfig(
    model=ModelConfig(from_scratch=True, num_classes=6),
    data=DataConfig(format="scenes", crop_size=16, scenes=ScenesConfig(train=13, val=6, size=32)),
    self_supervision=SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0),
    training=TrainingConfig(epochs=EPOCHS, pretrain_epochs=1, batch_size=BATCH, learning_rate=1e-3, validate_every=1),
)
SCENES = Scenes(CONFIG.data.scenes)


def compiled_model(strategy=True, **training):
    """The same weights every time; with `strategy`, under one of one device, as `train` has it."""
    reset_names()
    keras.utils.set_random_seed(1)
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope() if strategy else nullcontext():
        model = build_tiny(CONFIG.model)
        config = TrainingConfig(**{"learning_rate": CONFIG.training.learning_rate, **training})
        model.compile(build_optimizer(model, config), Objective(CONFIG.self_supervision, max_tags=6), seed=3)
    return model


def batches(start=TrainingState()):
    """Of all the steps from `start` on: images, tags, names."""
    return training_batches(
        SCENES,
        SCENES.names("train"),
        CONFIG.data,
        batch_size=BATCH,
        seed=0,
        first_epoch=start.epoch,
        first_step=start.step,
        epochs=EPOCHS - start.epoch,
    )


def by_fit(model, callbacks: Sequence[keras.callbacks.Callback], start=TrainingState(), **options):
    """Returns `model.history`."""
    pairs = batches(start).map(lambda images, tags, names: (images, tags))
    return model.fit(
        pairs,
        epochs=EPOCHS,
        initial_epoch=start.epoch,
        steps_per_epoch=STEPS,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
        **options,
    )


def by_loop(model, callbacks: Sequence[keras.callbacks.Callback], start=TrainingState(), means=None):
    """Returns `model.history`."""
    strategy = model.distribute_strategy
    means = AsyncMeans(synchronous=any(map(reads_batch_logs, callbacks))) if means is None else means
    called = keras.callbacks.CallbackList(
        list(callbacks), add_history=True, model=model, epochs=EPOCHS, steps=STEPS, verbose=0
    )
    run_epochs(model, strategy, iter(batches(start)), called, means, start)
    return model.history


@contextmanager
def eagerly():
    """Within, steps are not compiled, which takes most of the time of so few."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


class At(keras.callbacks.Callback):
    """Calls a function before a step of an epoch."""

    def __init__(self, epoch, step, function):
        super().__init__()
        self._place, self._function, self._epoch = (epoch, step), function, None

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self._epoch, batch) == self._place:
            self._function()


def fit_from_last_checkpoint(run, *others):
    """With all that makes resuming hard: the switch, momentum, dropout, the average of the weights."""
    model, checkpoint = compiled_model(ema=0.9), Checkpoint(run, every=1)
    with eagerly():
        by_fit(model, [LossSwitch(1), EpochTables(run), checkpoint, *others], checkpoint.state)


if __name__ == "__main__":
    root, *place = sys.argv[1:]
    fit_from_last_checkpoint(RunFolder(root), At(*map(int, place), lambda: os.kill(os.getpid(), signal.SIGKILL)))
