"""The same network in half precision."""

import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, noise, small_network

from wsfcn_tf.errors import UserError
from wsfcn_tf.serving.precision import in_precision


@pytest.fixture(scope="module")
def network():
    return gentle(small_network())


@pytest.mark.parametrize(("precision", "tolerance"), [("float16", 0.005), ("bfloat16", 0.04)])
def test_half_precision_is_close_and_half_the_size(network, precision, tolerance):
    half = in_precision(network, precision)
    kernels = [weight for weight in half.weights if len(weight.shape) == 4]
    assert kernels and all(tf.as_dtype(kernel.dtype) == precision for kernel in kernels)
    images = noise(1, 32, 40, 3)
    expected, answer = network(images, training=False), half(images, training=False)
    for name in ("masks", "scores"):
        assert answer[name].dtype == tf.float32
        # 38 layers of drawn weights amplify rounding, in some pixels five times as much as on average
        scale = max(1, abs(np.asarray(expected[name])).max())
        difference = np.abs(np.asarray(answer[name]) - np.asarray(expected[name])) / scale
        assert difference.mean() < tolerance and difference.max() < 5 * tolerance


def test_float32_is_the_network_itself(network):
    assert in_precision(network, "float32") is network


def test_weights_beyond_the_range_are_refused():
    network = small_network()
    network.head.classifier.kernel.assign(np.full(network.head.classifier.kernel.shape, 1e6))
    with pytest.raises(UserError, match=r"--precision float16: .* beyond its range"):
        in_precision(network, "float16")
