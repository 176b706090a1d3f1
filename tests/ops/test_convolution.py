import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import graph, noise

from wsfcn_tf.ops import dilated_conv2d, tap_conv2d

SIZE = (9, 12)


def keras_convolution(inputs, kernel, dilation):
    height, width, _, filters = kernel.shape
    layer = keras.layers.Conv2D(filters, (height, width), padding="same", dilation_rate=dilation, use_bias=False)
    layer.build(inputs.shape)
    layer.kernel.assign(kernel)
    return layer(inputs)


def with_gradients(function, inputs, kernel, weights):
    with tf.GradientTape() as tape:
        tape.watch([inputs, kernel])
        result = function(inputs, kernel)
        total = tf.reduce_sum(result * weights)
    return [result, *tape.gradient(total, [inputs, kernel])]


@pytest.mark.parametrize("convolution", [dilated_conv2d, tap_conv2d])
@pytest.mark.parametrize(("sides", "dilation"), [((3, 3), 2), ((3, 3), 9), ((5, 3), 4), ((1, 7), 36), ((1, 1), 1)])
def test_same_as_keras_with_its_gradients_at_any_size(sides, dilation, convolution):
    """Eagerly, in a graph that knows the size, and in one that does not."""
    inputs, kernel = tf.constant(noise(2, *SIZE, 3)), tf.constant(noise(*sides, 3, 4, seed=1))
    weights = noise(2, *SIZE, 4, seed=2)

    def ours(inputs, kernel):
        return convolution(inputs, kernel, dilation)

    plain = keras_convolution(inputs, kernel, dilation)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(keras_convolution(inputs, kernel, dilation) * weights)
    by_input = tape.gradient(total, inputs)
    padded = np.pad(inputs, [[0, 0], *([dilation * (side // 2)] * 2 for side in sides), [0, 0]])
    by_kernel = np.empty(kernel.shape, np.float32)
    for row in range(sides[0]):
        for column in range(sides[1]):
            seen = padded[:, row * dilation :, column * dilation :][:, : SIZE[0], : SIZE[1]]
            by_kernel[row, column] = np.einsum("bhwc,bhwf->cf", seen, weights)

    unknown = [tf.TensorSpec([None, None, None, 3]), tf.TensorSpec(kernel.shape)]
    for form in (ours, graph(ours), graph(ours, input_signature=unknown)):
        for found, expected in zip(with_gradients(form, inputs, kernel, weights), (plain, by_input, by_kernel)):
            np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("convolution", [dilated_conv2d, tap_conv2d])
def test_same_under_xla(convolution):
    inputs, kernel, weights = tf.constant(noise(1, *SIZE, 3)), tf.constant(noise(3, 3, 3, 4)), noise(1, *SIZE, 4)

    def step(inputs, kernel):
        return with_gradients(lambda x, k: convolution(x, k, 4), inputs, kernel, weights)

    for found, expected in zip(graph(step, jit_compile=True)(inputs, kernel), step(inputs, kernel)):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_taps_that_reach_nothing_are_not_computed():
    kernel = tf.constant(noise(7, 1, 3, 4))
    traced = graph(lambda x: tap_conv2d(x, kernel, 9)).get_concrete_function(tf.TensorSpec([1, 10, 12, 3]))
    products = [op for op in traced.graph.get_operations() if op.type == "MatMul"]
    assert [op.outputs[0].shape[0] for op in products] == [12, 120, 12]  # one row, the whole map, one row


def test_where_the_size_is_not_known_a_tap_is_a_handful_of_operations():
    """Half the operations of a small network were how to cut and pad maps, which tracing and optimising took up."""

    def operations(taps):
        kernel = tf.constant(noise(taps, 1, 3, 4))
        any_size = tf.TensorSpec([None, None, None, 3])
        traced = graph(lambda x: tap_conv2d(x, kernel, 2)).get_concrete_function(any_size)
        assert traced.structured_outputs.shape.as_list() == [None, None, None, 4]
        return len(traced.graph.get_operations())

    assert operations(7) - operations(5) <= 2 * 14


def test_half_precision_in_half_precision_out():
    inputs, kernel = (tf.cast(noise(*shape), tf.bfloat16) for shape in ((1, *SIZE, 3), (3, 3, 3, 4)))
    with tf.GradientTape() as tape:
        tape.watch([inputs, kernel])
        result = dilated_conv2d(inputs, kernel, 3)
    assert {value.dtype for value in (result, *tape.gradient(result, [inputs, kernel]))} == {tf.bfloat16}


@pytest.mark.parametrize("convolution", [dilated_conv2d, tap_conv2d])
def test_nothing_of_the_gradient_is_computed_before_it_is_asked_for(convolution):
    """What a graph could cut, turn or pad in its forward half, it would keep until then."""
    kernel, upstream = tf.constant(noise(3, 3, 3, 4)), noise(1, 9, 9, 4)
    forward = set()

    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch([inputs, kernel])
            total = tf.reduce_sum(convolution(inputs, kernel, 2) * upstream)
        forward.update(operation.name for operation in total.graph.get_operations())
        return tape.gradient(total, [inputs, kernel])

    waits = set()  # for the gradient to the result, if only by where to cut, a constant under the control dependency
    for operation in graph(step).get_concrete_function(tf.TensorSpec([1, 9, 9, 3])).graph.get_operations():
        before = [*operation.control_inputs, *(tensor.op for tensor in operation.inputs)]
        if operation.type == "Mul" or any(other.name in waits for other in before):
            waits.add(operation.name)
        elif operation.name not in forward:
            assert operation.type not in ("Slice", "ReverseV2", "Transpose", "Pad", "Unpack", "MatMul"), operation.name
    assert any(name.startswith("MatMul") for name in waits)
