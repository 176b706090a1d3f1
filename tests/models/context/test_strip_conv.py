import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise

from wsfcn_tf.models.context.strip_conv import StripConv

SIZE = (9, 12)


@pytest.mark.parametrize("vertical", [True, False])
@pytest.mark.parametrize(
    ("kernel", "dilation"),
    [(1, 1), (3, 1), (3, 4), (5, 2), (7, 1), (3, 8), (3, 9), (3, 12), (5, 24), (7, 36)],
)
def test_equals_a_dilated_convolution(vertical, kernel, dilation):
    sides = (kernel, 1) if vertical else (1, kernel)
    dilations = (dilation, 1) if vertical else (1, dilation)
    inputs, outputs = tf.constant(noise(2, *SIZE, 3)), noise(2, *SIZE, 4, seed=1)
    strip = StripConv(4, kernel, dilation, vertical)
    plain = keras.layers.Conv2D(4, sides, padding="same", dilation_rate=dilations, use_bias=False)
    results = []
    for layer in (strip, plain):
        layer.build((None, None, None, 3))
        layer.kernel.assign(noise(*sides, 3, 4, seed=2))
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = layer(inputs)
            total = tf.reduce_sum(result * outputs)
        results.append([result, *tape.gradient(total, [inputs, layer.trainable_variables[0]])])
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_starts_he_normal():
    strip = StripConv(200, 5, 1, vertical=True)
    strip.build((None, None, None, 100))
    np.testing.assert_allclose(np.std(np.asarray(strip.kernel)), np.sqrt(2 / 500), rtol=0.02)
