import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import graph, noise, randomise

from wsfcn_tf.models.layers import (
    BatchNormalization,
    ConvNormReLU,
    Layer,
    SeededDropout,
    batch_norm,
    conv,
    he_normal,
    torch_uniform,
    uniform,
)

SEED = tf.constant([3, 5])


# === Configuration ===


class Base(Layer):
    def __init__(self, sides, rate=0.5, **kwargs):
        super().__init__(**kwargs)


class Derived(Base):
    def __init__(self, depth, **kwargs):
        super().__init__((depth, depth), **kwargs)


def test_a_layer_s_configuration_is_what_it_was_made_with():
    layer = Base((1, 2), name="it", trainable=False)
    assert layer.settings == {"sides": (1, 2), "rate": 0.5}
    config = layer.get_config()
    assert config["sides"] == [1, 2] and config["rate"] == 0.5  # a list, as JSON gives it back
    assert (config["name"], config["trainable"]) == ("it", False)
    derived = Derived(3, rate=0.25)
    assert derived.settings == {"depth": 3, "rate": 0.25}
    clone = Derived.from_config(derived.get_config())
    assert (clone.settings, clone.name) == (derived.settings, derived.name)


def test_a_layer_without_its_arguments_fails_as_any_constructor_does():
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'sides'"):
        Base()


# === Initialisers ===


def test_he_normal_is_not_truncated():
    kernel = np.asarray(he_normal()((3, 3, 100, 200)))
    deviation = np.sqrt(2 / 900)
    np.testing.assert_allclose(kernel.std(), deviation, rtol=0.02)
    assert np.abs(kernel).max() > 3 * deviation  # Keras' own he_normal stops at 2.3


def test_torch_uniform_fills_its_interval():
    kernel = np.asarray(torch_uniform()((3, 3, 50, 40)))
    assert 0.99 * 450**-0.5 < np.abs(kernel).max() <= 450**-0.5
    np.testing.assert_allclose(kernel.std(), 450**-0.5 / 3**0.5, rtol=0.02)


# === Convolution and normalisation ===


@pytest.mark.parametrize("size", [(6, 7), (7, 6)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_conv_pads_every_side_alike(size, dilation):
    layer = conv(2, 3, dilation_rate=dilation)
    inputs = noise(1, *size, 3)
    padded = np.pad(inputs, [(0, 0), (dilation, dilation), (dilation, dilation), (0, 0)])
    outputs = layer(inputs)
    expected = tf.nn.conv2d(padded, np.asarray(layer.kernel), 1, "VALID", dilations=dilation)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def conv_norm_relu():
    layer = ConvNormReLU(4, 3, use_bias=True)
    inputs = noise(2, 6, 5, 3)
    layer(inputs, training=False)
    randomise(layer)
    return layer, inputs, np.asarray(layer.conv(inputs))


def normalised(features, mean, variance, bn):
    scaled = (features - mean) / np.sqrt(variance + 1e-5) * np.asarray(bn.gamma) + np.asarray(bn.beta)
    return np.maximum(scaled, 0)


def test_conv_norm_relu_with_running_statistics():
    layer, inputs, features = conv_norm_relu()
    expected = normalised(features, np.asarray(layer.bn.moving_mean), np.asarray(layer.bn.moving_variance), layer.bn)
    np.testing.assert_allclose(layer(inputs, training=False), expected, atol=1e-5)


def test_conv_norm_relu_with_batch_statistics():
    layer, inputs, features = conv_norm_relu()
    mean, variance = features.mean((0, 1, 2)), features.var((0, 1, 2))
    running = np.asarray(layer.bn.moving_mean)
    np.testing.assert_allclose(layer(inputs, training=True), normalised(features, mean, variance, layer.bn), atol=1e-4)
    np.testing.assert_allclose(layer.bn.moving_mean, 0.9 * running + 0.1 * mean, atol=1e-5)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_a_frozen_batch_norm_keeps_nothing_of_its_input(scale, dtype):
    """Beside Keras' own: the same result and gradient, which reads nothing large of the forward half."""
    policy = "float32" if dtype == tf.float32 else "mixed_bfloat16"
    ours = batch_norm(scale=scale, dtype=policy)
    plain = keras.layers.BatchNormalization(epsilon=1e-5, scale=scale, dtype=policy)
    for layer in (ours, plain):
        layer.trainable = False
        layer.build((None, 5, 4, 3))
        randomise(layer)
    inputs, upstream, forward = tf.cast(noise(2, 5, 4, 3), dtype), tf.cast(noise(2, 5, 4, 3, seed=1), dtype), set()

    def step(layer, inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            total = tf.reduce_sum(outputs * upstream)
        if not tf.executing_eagerly():
            forward.update(operation.name for operation in total.graph.get_operations())
        return outputs, tape.gradient(total, inputs)

    expected = step(plain, inputs)
    traced = graph(lambda inputs: step(ours, inputs))
    for found in (step(ours, inputs), traced(inputs)):
        np.testing.assert_array_equal(*(np.float32(outputs) for outputs in (found[0], expected[0])))
        tolerance = 1e-5 if dtype == tf.float32 else 0.01
        np.testing.assert_allclose(*(np.float32(gradient) for gradient in (found[1], expected[1])), rtol=tolerance)
    kept, after = set(), [traced.get_concrete_function(inputs).outputs[1].op]
    while after:
        for tensor in after.pop().inputs:
            if tensor.op.name not in forward:
                after.append(tensor.op)
            elif tensor.shape.rank == 4:
                kept.add(tensor.op.type)
    assert kept == {"Const"}  # upstream


@pytest.mark.parametrize(("axis", "training"), [(-1, True), (1, True), (-1, "tensor")])
@pytest.mark.parametrize("frozen", [False, True])
def test_in_all_else_a_batch_norm_is_keras_own(axis, training, frozen):
    """Frozen after it was built, not frozen, along another axis, and where Keras 2 takes a tensor for `training`."""
    if training == "tensor" and not keras.__version__.startswith("2."):
        pytest.skip("Keras 3 takes no tensor for training")
    training, results = tf.constant(True) if training == "tensor" else training, []
    for cls in (BatchNormalization, keras.layers.BatchNormalization):
        layer = cls(axis=axis, momentum=0.9, epsilon=1e-5)
        layer.build((None, 5, 4, 4))
        randomise(layer)
        layer.trainable = not frozen
        inputs = tf.constant(noise(2, 5, 4, 4))
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = graph(lambda x, layer=layer: layer(x, training=training))(inputs)
            total = tf.reduce_sum(outputs * noise(2, 5, 4, 4, seed=1))
        weights = [np.asarray(weight) for weight in layer.weights]
        results.append([outputs, *tape.gradient(total, [inputs, *layer.trainable_variables]), *weights])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


# === Randomness ===


def test_draw_is_a_function_of_seed_and_name():
    shape = tf.constant([4, 5])
    draw = np.asarray(uniform(shape, "a", SEED))
    assert draw.min() >= 0 and draw.max() < 1
    np.testing.assert_array_equal(uniform(shape, "a", SEED), draw)
    np.testing.assert_array_equal(tf.function(uniform)(shape, "a", SEED), draw)
    assert not np.isin(uniform(shape, "b", SEED), draw).any()
    assert not np.isin(uniform(shape, "a", tf.constant([3, 6])), draw).any()


def test_draws_are_the_same_on_both_generations():
    np.testing.assert_allclose(uniform([3], "a", SEED), [0.13407981, 0.24913168, 0.80786097], atol=1e-7)


def test_without_a_seed_the_global_generator_draws():
    tf.random.set_seed(1)
    first, second = uniform([20], "a", None), uniform([20], "a", None)
    assert not np.array_equal(first, second)
    tf.random.set_seed(1)
    np.testing.assert_array_equal(uniform([20], "a", None), first)


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("spatial", [False, True])
def test_dropout(rate, spatial):
    layer = SeededDropout(rate, spatial, name="drop")
    inputs = noise(40, 5, 6, 50)
    kept = np.asarray(layer(inputs, training=True, seed=SEED)) / inputs * (1 - rate)
    np.testing.assert_allclose(kept, np.round(kept), atol=1e-5)  # 0 or 1, before the scaling
    if spatial:
        np.testing.assert_allclose(kept, np.broadcast_to(kept[:, :1, :1], kept.shape), atol=1e-5)
    np.testing.assert_allclose(kept.mean(), 1 - rate, atol=0.04)  # so the mean of what comes out is the inputs'
    assert not np.array_equal(kept[0], kept[1])
    np.testing.assert_array_equal(layer(inputs, training=False), inputs)


def test_dropouts_of_different_names_differ():
    inputs = np.ones((1, 8, 8, 4), np.float32)
    draws = [SeededDropout(0.5, name=name)(inputs, training=True, seed=SEED) for name in ("a", "a", "b")]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_rate_zero_drops_nothing():
    inputs = noise(1, 4, 4, 3)
    np.testing.assert_array_equal(SeededDropout(0.0)(inputs, training=True, seed=SEED), inputs)
