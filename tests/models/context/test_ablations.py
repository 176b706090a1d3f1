"""The contexts of the paper's Table II, recomputed with NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from networks import noise, randomise

from wsfcn_tf.models.context.ablations import PPM, LargeKernel, NonLocal
from wsfcn_tf.ops import adaptive_average_pool, resize_align_corners

INPUTS = noise(2, 5, 7, 8)


def built(context):
    context.build((None, None, None, 8))
    randomise(context)
    return context


def merged(context, features):
    return context.merge(tf.constant(features), training=False)


def matrix(layer):
    return np.asarray(layer.kernel)[0, 0]


def test_non_local_attends_to_every_pixel():
    context = built(NonLocal(6))
    flat = INPUTS.reshape(2, 35, 8)
    query, key, value = (flat @ matrix(layer) for layer in (context.theta, context.phi, context.value))
    assert query.shape[-1] == 4
    weights = np.exp(query @ key.transpose(0, 2, 1))
    gathered = weights / weights.sum(-1, keepdims=True) @ value
    expected = flat + gathered @ matrix(context.expand)
    np.testing.assert_allclose(
        context(INPUTS, training=False), merged(context, expected.reshape(INPUTS.shape)), atol=1e-4
    )


def test_non_local_starts_as_the_identity():
    context = NonLocal(6)
    context.build((None, None, None, 8))
    np.testing.assert_allclose(context(INPUTS, training=False), merged(context, INPUTS), atol=1e-6)


def test_ppm_puts_four_levels_beside_the_map():
    context = built(PPM(6))
    features = [INPUTS]
    for bins in (1, 2, 3, 6):
        level = getattr(context, f"level{bins}")
        assert level.conv.filters == 2
        features.append(resize_align_corners(level(adaptive_average_pool(INPUTS, bins), training=False), (5, 7)))
    np.testing.assert_allclose(
        context(INPUTS, training=False), merged(context, np.concatenate(features, -1)), atol=1e-5
    )


def test_large_kernel_sees_seven_by_seven():
    context = built(LargeKernel(6))
    inputs = np.zeros((1, 11, 11, 8), np.float32)
    quiet = np.asarray(context(inputs, training=False))
    inputs[0, 5, 5] = 1
    seen = np.any(np.asarray(context(inputs, training=False)) != quiet, axis=-1)[0]
    expected = np.zeros((11, 11), bool)
    expected[2:9, 2:9] = True
    assert not np.any(seen & ~expected)
    assert np.mean(seen[expected]) > 0.8  # ReLU hides some


@pytest.mark.parametrize("make", [NonLocal, PPM, LargeKernel])
def test_dropout_in_training_only(make):
    context = make(16, dropout=0.5)
    context.build((None, None, None, 8))
    context.merge.bn.beta.assign(np.ones(16))
    dropped = np.asarray(context(INPUTS, training=True, seed=tf.constant([1, 2]))) == 0
    quiet = np.asarray(context(INPUTS, training=False)) == 0
    assert 0.3 < dropped[~quiet].mean() < 0.7
