import numpy as np
import tensorflow as tf
from networks import noise

from wsfcn_tf.models.decoder.stochastic_gate import StochasticGate, mix

DEEP, SHALLOW = noise(2, 4, 5, 3), noise(2, 4, 5, 3, seed=1)


def test_mix_takes_each_element_from_one_side(rng):
    keep = rng.random(DEEP.shape) < 0.5
    mixed = np.asarray(mix(DEEP, SHALLOW, keep, 0.3))
    np.testing.assert_allclose(mixed[keep], ((DEEP - 0.3 * SHALLOW) / 0.7)[keep], rtol=1e-5)
    np.testing.assert_array_equal(mixed[~keep], SHALLOW[~keep])


def test_inference_is_the_weighted_mean():
    gate = StochasticGate(0.3)
    np.testing.assert_allclose(gate([DEEP, SHALLOW], training=False), 0.7 * DEEP + 0.3 * SHALLOW, rtol=1e-5, atol=1e-6)


def test_expectation_in_training_is_the_deep_feature():
    psi = 0.3
    deep, shallow = (np.full((100, 10, 10, 10), value, np.float32) for value in (2.0, -1.0))
    mixed = np.asarray(StochasticGate(psi, name="gate")([deep, shallow], training=True, seed=tf.constant([1, 2])))
    from_shallow = mixed == -1.0
    np.testing.assert_allclose(from_shallow.mean(), psi, atol=0.01)
    np.testing.assert_allclose(mixed.mean(), 2.0, atol=0.02)


def test_without_psi_it_is_the_deep_feature():
    for training in (True, False):
        np.testing.assert_array_equal(StochasticGate(0.0)([DEEP, SHALLOW], training=training), DEEP)


def test_same_seed_same_draw():
    gate = StochasticGate(0.3, name="gate")
    draws = [gate([DEEP, SHALLOW], training=True, seed=tf.constant(seed)) for seed in ([1, 2], [1, 2], [1, 3])]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
