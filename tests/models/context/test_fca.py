from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from golden import recipe
from networks import noise, randomise

from wsfcn_tf.models.context.base import ImagePooling
from wsfcn_tf.models.context.fca import FCA, SpatialReweighting
from wsfcn_tf.models.context.mclm import ChannelAttention, StripBranch
from wsfcn_tf.weights.name_map import FCA as NAMES
from wsfcn_tf.weights.torch_state_dict import assign_state_dict


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def randomised(layer, inputs, **options):
    layer(inputs, **options)
    randomise(layer)
    return layer


def test_golden():
    arrays = recipe.load("wsfcn_context")
    context = FCA(256, (1, 12, 24, 36))
    context.build((None, None, None, 8))
    weights = recipe.state_dict("wsfcn_context", prefix="context8.")
    # the release's names for this module alone, below the name that it has in the whole network
    assign_state_dict(SimpleNamespace(context=context), {f"fca.{key}": value for key, value in weights.items()}, NAMES)
    outputs = np.asarray(context(arrays["input"], training=False))
    recipe.assert_close(outputs[:, ::3, ::3, ::16], arrays["output"])


def test_channel_attention():
    inputs = noise(2, 4, 5, 6)
    layer = randomised(ChannelAttention(), inputs)
    squeeze, excite = (np.asarray(part.kernel)[0, 0] for part in (layer.squeeze, layer.excite))
    weigh = [np.maximum(pooled @ squeeze, 0) @ excite for pooled in (inputs.mean((1, 2)), inputs.max((1, 2)))]
    np.testing.assert_allclose(layer(inputs), inputs * sigmoid(sum(weigh))[:, None, None], atol=1e-5)


def test_spatial_reweighting():
    inputs = noise(2, 4, 5, 6)
    layer = randomised(SpatialReweighting(), inputs)
    kernel = np.asarray(layer.conv.kernel)[..., 0]
    maps = np.pad(np.stack([inputs.mean(-1), inputs.max(-1)], -1), [(0, 0), (1, 1), (1, 1), (0, 0)])
    expected = np.empty_like(inputs)
    for i, j in np.ndindex(4, 5):
        m = sigmoid((maps[:, i : i + 3, j : j + 3] * kernel).sum((1, 2, 3)))[:, None]
        expected[:, i, j] = inputs[:, i, j] * m + inputs[:, i, j]
    np.testing.assert_allclose(layer(inputs), expected, atol=1e-5)


@pytest.mark.parametrize("batch_statistics", [False, True])
def test_image_pooling(batch_statistics):
    inputs = noise(5, 4, 5, 6)
    layer = randomised(ImagePooling(3), inputs, batch_statistics=False)
    pooled, bn = inputs.mean((1, 2)) @ np.asarray(layer.conv.kernel)[0, 0], layer.bn
    mean, variance, gamma, beta = map(np.asarray, (bn.moving_mean, bn.moving_variance, bn.gamma, bn.beta))
    if batch_statistics:
        mean, variance = pooled.mean(0), pooled.var(0)
    expected = np.maximum((pooled - mean) / np.sqrt(variance + 1e-5) * gamma + beta, 0)
    expected = np.broadcast_to(expected[:, None, None], (5, 4, 5, 3))
    np.testing.assert_allclose(layer(inputs, batch_statistics=batch_statistics), expected, atol=1e-4)


def test_strip_branch_sees_its_rectangle_and_no_more():
    inputs = np.zeros((1, 15, 15, 1), np.float32)
    inputs[0, 7, 7] = 1
    seen = np.asarray(randomised(StripBranch(1, 3, 2), inputs)(inputs))[0, ..., 0] != 0
    expected = np.zeros((15, 15), bool)
    expected[5:10:2, 5:10:2] = True
    np.testing.assert_array_equal(seen, expected)


def test_branches_share_one_channel_attention():
    context = FCA(4, (1, 1, 1, 1))
    context.build((None, None, None, 3))
    attention = [weight for weight in context.weights if tuple(weight.shape) == (1, 1, 4, 4)]
    assert len(attention) == 2 + 2  # the two of the attention, and the across / down of the branch with one tap


def statistics(context):
    return [
        np.asarray(value) for bn in (context.bn, context.pooling.bn) for value in (bn.moving_mean, bn.moving_variance)
    ]


def small_context(**settings):
    context, inputs = FCA(4, (1, 2, 3, 4), dropout=0.0, **settings), noise(3, 6, 5, 3)
    context.build((None, None, None, 3))
    randomise(context)
    return context, inputs, np.asarray(context(inputs, training=False)), statistics(context)


def test_statistics_are_fixed_and_scales_train():
    context, inputs, inference, before = small_context()
    with tf.GradientTape() as tape:
        outputs = context(inputs, training=True)
    np.testing.assert_allclose(outputs, inference, atol=1e-6)
    for one, other in zip(before, statistics(context)):
        np.testing.assert_array_equal(one, other)
    scales = [value for bn in (context.bn, context.pooling.bn) for value in bn.trainable_variables]
    assert len(scales) == 4
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(outputs, scales))


def test_batch_statistics_from_scratch():
    context, inputs, inference, before = small_context(batch_statistics=True)
    assert np.abs(context(inputs, training=True) - inference).max() > 0.1
    for one, other in zip(before, statistics(context)):
        assert not np.array_equal(one, other)


def test_dropout_in_training_only():
    context, inputs, seed = FCA(8, (1, 2, 3, 4), dropout=0.5), noise(1, 6, 5, 3), tf.constant([1, 2])
    inference = np.asarray(context(inputs, training=False, seed=seed))
    training = np.asarray(context(inputs, training=True, seed=seed))
    dropped = training == 0
    assert 0.3 < dropped.mean() < 0.7
    np.testing.assert_allclose(training[~dropped], 2 * inference[~dropped], rtol=1e-4, atol=1e-6)
