import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise

from wsfcn_tf.models.context.tap_conv import TapConv

SIZE = (9, 12)


@pytest.mark.parametrize("form", ["vertical", "horizontal", "square"])
@pytest.mark.parametrize(
    ("kernel", "dilation"),
    [(1, 1), (3, 1), (3, 4), (5, 2), (7, 1), (3, 8), (3, 9), (3, 12), (5, 24), (7, 36)],
)
def test_equals_a_dilated_convolution(form, kernel, dilation):
    sides = {"vertical": (kernel, 1), "horizontal": (1, kernel), "square": (kernel, kernel)}[form]
    inputs, outputs = tf.constant(noise(2, *SIZE, 3)), noise(2, *SIZE, 4, seed=1)
    taps = TapConv(4, sides, dilation)
    dilations = tuple(dilation if side > 1 else 1 for side in sides)
    plain = keras.layers.Conv2D(4, sides, padding="same", dilation_rate=dilations, use_bias=False)
    results = []
    for layer in (taps, plain):
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
    taps = TapConv(200, (5, 1), 1)
    taps.build((None, None, None, 100))
    np.testing.assert_allclose(np.std(np.asarray(taps.kernel)), np.sqrt(2 / 500), rtol=0.02)
