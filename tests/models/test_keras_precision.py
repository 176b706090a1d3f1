"""Half precision, XLA and averages of weights in `compile` and `fit`, by the tiny network of test_keras_calls."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise
from test_keras_calls import OBJECTIVE, TAGS, assert_same, fitted, tiny, trained

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import ModelConfig, TrainingConfig
from wsfcn_tf.training import build_optimizer

# not of 16 pixels: XLA's own bilinear resize is wrong from 4 to 16
IMAGES = noise(4, 17, 17, 3)
MASKS = np.random.default_rng(3).integers(0, 4, (4, 17, 17)).astype(np.uint8)
Y = {"tags": TAGS, "masks": MASKS}


def network(policy="float32", **options):
    """The same weights every time; without dropout, of which XLA draws another."""
    keras.backend.clear_session()  # of Keras' policy, too
    keras.mixed_precision.set_global_policy(policy)
    keras.utils.set_random_seed(0)
    model = build_tiny(ModelConfig(num_classes=3, dropout=False))
    keras.mixed_precision.set_global_policy("float32")
    model.compile(keras.optimizers.SGD(0.1), OBJECTIVE, pretrain_epochs=1, **options)
    return model


def fit(model, epochs=1):
    """The losses of the epochs."""
    return model.fit(IMAGES, TAGS, batch_size=2, epochs=epochs, shuffle=False, verbose=0).history


def changes(model):
    """What training has added to all weights, in a row."""
    pairs = zip(trained(network()), trained(model), strict=True)
    return np.concatenate([(new - old).ravel() for old, new in pairs])


@pytest.fixture(scope="module")
def plain():
    """A network and its losses after an epoch in float32, nothing compiled by XLA."""
    model = network()
    return model, fit(model)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(plain, policy):
    model = network(policy)
    losses = fit(model)
    assert model.head.compute_dtype == model.backbone.compute_dtype == policy.removeprefix("mixed_")
    assert isinstance(model.optimizer, keras.mixed_precision.LossScaleOptimizer) == (policy == "mixed_float16")
    assert {tf.as_dtype(weight.dtype) for weight in model.weights} == {tf.float32}
    assert {value.dtype for value in model(IMAGES).values()} == {tf.float32}
    expected, in_float32 = plain
    np.testing.assert_allclose(losses["loss"], in_float32["loss"], rtol=0.02)
    assert 0.95 < np.corrcoef(changes(model), changes(expected))[0, 1] < 1 - 1e-9
    assert np.isfinite(list(model.evaluate(IMAGES, Y, verbose=0, return_dict=True).values())).all()


def test_a_scale_of_one_s_own_is_left_as_it_is():
    model = network("mixed_float16")
    own = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    model.compile(own, OBJECTIVE)
    assert model.optimizer is own
    grouped = build_optimizer(model, TrainingConfig(precision="float16"))
    model.compile(grouped, OBJECTIVE)
    assert model.optimizer is grouped


def test_compiled_by_xla_it_trains_alike(plain):
    model, (expected, losses) = network(jit_compile=True), plain
    found = fit(model)
    assert_same(trained(model), trained(expected), 1e-4)
    np.testing.assert_allclose(found["loss"], losses["loss"], rtol=1e-3)
    figures, others = (one.evaluate(IMAGES, Y, verbose=0, return_dict=True) for one in (model, expected))
    assert figures.keys() == others.keys()
    for name, value in others.items():
        assert figures[name] == pytest.approx(value, abs=1e-2), name
    masks, without = (one.predict(IMAGES, verbose=0)["masks"] for one in (model, expected))
    np.testing.assert_allclose(masks, without, atol=1e-3)


def test_compiled_by_xla_the_mask_loss_joins():
    found = fit(network(jit_compile=True), epochs=2)
    assert found["labelled"][1] > 0 and np.isfinite(found["loss"]).all()


class Weights(keras.callbacks.Callback):
    """Those after each step."""

    def __init__(self):
        super().__init__()
        self.after = []

    def on_train_batch_end(self, batch, logs=None):
        self.after.append(trained(self.model))


def test_after_fit_the_weights_are_their_average():
    seen = Weights()
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.75)
    model, _, _ = fitted(IMAGES, TAGS, batch_size=1, optimizer=optimizer, callbacks=[seen])
    plain = Weights()
    fitted(IMAGES, TAGS, batch_size=1, callbacks=[plain])
    for one, other in zip(seen.after[-1], plain.after[-1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)  # training goes on with the weights themselves
    # Keras 3's average begins with the first step's weights
    first = trained(tiny()) if keras.__version__ < "3" else plain.after[0]
    expected = first
    for weights in plain.after:
        expected = [0.75 * mean + 0.25 * weight for mean, weight in zip(expected, weights, strict=True)]
    assert_same(trained(model), expected, 1e-5)
