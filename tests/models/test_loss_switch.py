"""`fit` with the loss switch, against the custom step: the one compiled, the other eager."""

import numpy as np
import pytest
import tensorflow as tf
from networks import noise, smallest_network

from wsfcn_tf.config import SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.training import LossSwitch, Objective, build_optimizer

pytestmark = pytest.mark.usefixtures("few_weights")

STEPS, EPOCHS, PRETRAIN_EPOCHS = 2, 2, 1
IMAGES = noise(2 * STEPS, 24, 24, 3)
TAGS = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0]])
SUPERVISION = SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0)
TRAINING = TrainingConfig(learning_rate=1e-5)  # so low that rounding does not grow from step to step


def compiled_network():
    """Its dropout and gate draw, from the seed."""
    model = smallest_network()
    model.compile(build_optimizer(model, TRAINING), Objective(SUPERVISION, max_tags=2), seed=5)
    return model


@pytest.fixture(scope="module")
def fitted():
    """A model and the history of its `fit`."""
    model = compiled_network()
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, TAGS)).batch(2)
    history = model.fit(dataset, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[LossSwitch(PRETRAIN_EPOCHS)])
    return model, history.history


@pytest.fixture(scope="module")
def stepped():
    """A model trained on the same batches by `update`, and the per-image values of each epoch's steps."""
    model = compiled_network()
    epochs = []
    for epoch in range(EPOCHS):
        batches = zip(np.split(IMAGES, STEPS), np.split(TAGS, STEPS))
        epochs.append([model.update(tf.constant(x), tf.constant(y), epoch >= PRETRAIN_EPOCHS) for x, y in batches])
    return model, epochs


def test_mask_loss_joins_at_its_epoch(fitted):
    _, history = fitted
    assert set(history) >= set(Objective.names)
    assert (history["labelled"][0], history["mask"][0]) == (0, 0)
    assert history["labelled"][1] > 0 and history["mask"][1] > 0


def test_fit_reports_the_means_of_the_epoch(fitted, stepped):
    _, history = fitted
    for name in Objective.names:
        means = [np.mean([values[name] for values in epoch]) for epoch in stepped[1]]
        np.testing.assert_allclose(history[name], means, rtol=1e-3, err_msg=name)


def test_fit_and_the_custom_step_train_alike(fitted, stepped):
    """The changes of every weight agree to 1 %; biases in front of a BatchNorm have no gradient but rounding."""
    before = smallest_network().get_weights()
    changes = [[new - old for old, new in zip(before, model.get_weights())] for model, _ in (fitted, stepped)]
    for one, other in zip(*changes, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-2 * np.abs(other).max() + 1e-8)
    assert int(fitted[0].optimizer.iterations) == int(stepped[0].optimizer.iterations) == STEPS * EPOCHS


def test_switch_goes_back_when_training_starts_anew():
    class Model:
        self_supervision, traced = True, 0

        def make_train_function(self, force):
            self.traced += force

        make_test_function = make_train_function

    switch, model = LossSwitch(2), Model()
    switch.set_model(model)
    states = []
    for epoch in range(4):
        switch.on_epoch_begin(epoch)
        states.append((model.self_supervision, model.traced))
    assert states == [(False, 2), (False, 2), (True, 4), (True, 4)]
