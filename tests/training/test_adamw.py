"""AdamW with a rate and a decay for each variable."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import graph, noise, small_network

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.training import build_optimizer
from wsfcn_tf.training.grouped_optimizers import GroupedAdamW
from wsfcn_tf.training.schedule import Schedule

GROUPS = [(1.0, 0.1), (3.0, 0.0), (20.0, 0.5)]  # (multiplier, decay)


def adamw(groups=GROUPS, rate=0.01, **options):
    multipliers, decays = zip(*groups)
    return GroupedAdamW(rate, 0.9, multipliers, decays, beta_2=0.99, **options)


def recomputed(values, gradients, groups, rates, momentum=0.9, beta_2=0.99):
    """The paper's algorithm 2, with Adam's own epsilon, in float64: the values after each step."""
    values, after = [np.float64(value) for value in values], []
    means, squares = [np.zeros_like(value) for value in values], [np.zeros_like(value) for value in values]
    for t, (step, rate) in enumerate(zip(gradients, rates), 1):
        for i, (multiplier, decay) in enumerate(groups):
            means[i] = momentum * means[i] + (1 - momentum) * step[i]
            squares[i] = beta_2 * squares[i] + (1 - beta_2) * step[i] ** 2
            correction = np.sqrt(1 - beta_2**t) / (1 - momentum**t)
            direction = correction * means[i] / (np.sqrt(squares[i]) + 1e-7)
            values[i] = values[i] - rate * multiplier * (direction + decay * values[i])
        after.append([value.copy() for value in values])
    return after


@pytest.mark.parametrize("function", [lambda f: f, graph], ids=["eager", "graph"])
def test_formula_over_several_steps(rng, function):
    values = [rng.standard_normal((2, 3)) for _ in GROUPS]
    gradients = np.float32(rng.standard_normal((5, len(GROUPS), 2, 3)))
    variables = [tf.Variable(value.astype(np.float32)) for value in values]
    optimizer = adamw(schedule=Schedule(steps=6, cooldown=4))
    optimizer.build(variables)
    step = function(lambda gradients: optimizer.apply_gradients(zip(tf.unstack(gradients), variables)))
    rates = 0.01 * np.array([1, 1, 1, 0.75, 0.5])
    for given, expected in zip(gradients, recomputed(values, gradients, GROUPS, rates)):
        step(tf.constant(given))
        for variable, value in zip(variables, expected):
            np.testing.assert_allclose(variable, value, rtol=1e-5, atol=1e-6)
    assert int(tf.convert_to_tensor(optimizer.iterations)) == 5


def test_with_one_rate_it_is_that_of_keras(rng):
    values = [np.float32(rng.standard_normal(4)) for _ in range(2)]
    ours, theirs = ([tf.Variable(value) for value in values] for _ in range(2))
    optimizer, expected = adamw([(1.0, 0.2)] * 2), keras.optimizers.AdamW(0.01, 0.2, beta_2=0.99)
    optimizer.build(ours)
    expected.build(theirs)
    for _ in range(6):
        gradients = [tf.constant(np.float32(rng.standard_normal(4))) for _ in range(2)]
        optimizer.apply_gradients(zip(gradients, ours))
        expected.apply_gradients(zip(gradients, theirs))
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_without_momentum():
    variable = tf.Variable([1.0])
    optimizer = GroupedAdamW(0.5, 0.0, [1.0], [0.0], beta_2=0.0)
    optimizer.build([variable])
    for expected in (0.5, 0.0):  # each step is the gradient's sign
        optimizer.apply_gradients([(tf.constant([7.0]), variable)])
        np.testing.assert_allclose(variable, [expected], atol=1e-6)


def test_a_rate_that_a_callback_sets_is_taken():
    variable = tf.Variable([1.0])
    optimizer = adamw([(2.0, 0.0)])
    optimizer.build([variable])
    optimizer.learning_rate = 0.25
    optimizer.apply_gradients([(tf.constant([3.0]), variable)])
    np.testing.assert_allclose(variable, [0.5], atol=1e-6)


@pytest.mark.parametrize("function", [lambda f: f, graph], ids=["eager", "graph"])
def test_an_overflow_changes_neither_weights_nor_slots(function):
    variable = tf.Variable([1.0, 2.0])
    optimizer = adamw([(1.0, 0.5)], loss_scaling=True)
    optimizer.build([variable])
    take = function(lambda gradient: optimizer.apply_gradients([(gradient, variable)]))
    take(tf.constant([2.0**15, 0.0]))
    kept = [variable, optimizer.momentums[0], optimizer.velocities[0]]
    before = [np.array(tf.convert_to_tensor(value)) for value in kept]
    np.testing.assert_allclose(before[1], [0.1, 0])  # of the gradient without its scale
    take(tf.constant([0.0, np.inf]))
    for value, old in zip(kept, before):
        np.testing.assert_array_equal(tf.convert_to_tensor(value), old)
    assert int(tf.convert_to_tensor(optimizer.iterations)) == 2


def test_nothing_of_an_update_is_computed_before_there_is_a_gradient():
    """A graph would begin a step with the decays of all variables, and keep them."""
    variable = tf.Variable(noise(2, 3))
    optimizer = adamw([(1.0, 0.5)])
    optimizer.build([variable])
    traced = graph(lambda gradient: optimizer.update_step(gradient, variable))
    after = {"gradient"}
    for operation in traced.get_concrete_function(tf.TensorSpec([2, 3])).graph.get_operations():
        before = [*operation.control_inputs, *(tensor.op for tensor in operation.inputs)]
        if any(other.name in after for other in before):
            after.add(operation.name)
        elif operation.name not in after and operation.outputs and operation.outputs[0].shape == [2, 3]:
            assert operation.type in ("ReadVariableOp", "Identity"), operation.name
    assert len(after) > 5


def test_round_trip_of_the_configuration():
    optimizer = GroupedAdamW(0.02, 0.8, [1.0, 2.0], [0.1, 0.0], Schedule("poly", 5, warmup=3), beta_2=0.95)
    clone = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert clone.get_config() == optimizer.get_config()
    assert (clone.beta_2, clone.momentum, clone.multipliers) == (0.95, 0.8, [1.0, 2.0])


def test_as_many_gradients_as_groups():
    variable = tf.Variable([1.0])
    with pytest.raises(ValueError, match=r"^1 gradients of 3 variables$"):
        adamw().apply_gradients([(tf.constant([1.0]), variable)])


def test_the_config_s_groups_are_those_of_sgd():
    config = TrainingConfig(optimizer="adamw", learning_rate=1e-4, momentum=0.8, beta_2=0.95, weight_decay=0.02)
    model = small_network()
    optimizer, sgd = (
        build_optimizer(model, config),
        build_optimizer(model, replace(config, optimizer="sgd", beta_2=0.999)),
    )
    assert isinstance(optimizer, GroupedAdamW)
    assert (optimizer.momentum, optimizer.beta_2) == (0.8, 0.95)
    assert (optimizer.multipliers, optimizer.decays) == (sgd.multipliers, sgd.decays)
    assert set(zip(optimizer.multipliers, optimizer.decays)) == {(1.0, 0.02), (20.0, 0.02), (40.0, 0.0)}
