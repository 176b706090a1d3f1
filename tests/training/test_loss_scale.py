"""float16's loss scale, and what an overflow leaves as it was."""

import numpy as np
import pytest
import tensorflow as tf
from networks import graph

from wsfcn_tf.training.grouped_optimizers import GroupedSGD
from wsfcn_tf.training.loss_scale import LossScale


def optimizer_and_variable(**settings):
    variable = tf.Variable([1.0, 2.0])
    optimizer = GroupedSGD(0.1, 0.9, [1.0], [0.0], **settings)
    optimizer.build([variable])
    return optimizer, variable


def step(optimizer, variable, gradient):
    optimizer.apply_gradients([(tf.convert_to_tensor(gradient), variable)])


def test_a_scaled_loss_trains_as_one_that_is_not():
    scaled, one = optimizer_and_variable(loss_scaling=True)
    plain, other = optimizer_and_variable()
    assert float(plain.scale_loss(tf.constant(3.0))) == 3.0
    assert float(scaled.scale_loss(tf.constant(3.0))) == 3.0 * 2**15
    for gradient in ([0.5, -0.25], [2.0, 1.0]):
        step(scaled, one, [value * 2**15 for value in gradient])  # powers of two: exact
        step(plain, other, gradient)
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("function", [lambda f: f, graph], ids=["eager", "graph"])
def test_an_overflow_skips_the_step_and_halves_the_scale(function):
    optimizer, variable = optimizer_and_variable(loss_scaling=True)
    take = function(lambda gradient: step(optimizer, variable, gradient))
    take(tf.constant([2.0**15, 0.0]))
    before = np.array(variable)
    take(tf.constant([np.inf, 0.0]))
    np.testing.assert_array_equal(variable, before)
    take(tf.constant([0.0, np.nan]))  # not the first number of its gradient
    np.testing.assert_array_equal(variable, before)
    assert float(optimizer.loss_scale.scale) == 2**13
    take(tf.constant([0.0, 0.0]))  # the momentum is what it was
    np.testing.assert_allclose(variable - before, [-0.1 * 0.9, 0], rtol=1e-6)
    assert int(tf.convert_to_tensor(optimizer.iterations)) == 4  # a step that was skipped is a step


def test_the_scale_doubles_after_enough_steps():
    scale = LossScale(initial=8.0, growth_steps=3)
    seen = []
    for gradient in (1.0, 1.0, 1.0, np.inf, 1.0, 1.0, 1.0):
        scale.unscaled([tf.constant([gradient])])
        seen.append((float(scale.scale), int(scale.good_steps)))
    assert seen == [(8, 1), (8, 2), (16, 0), (8, 0), (8, 1), (8, 2), (16, 0)]


def test_the_scale_stays_between_its_ends():
    scale = LossScale(initial=1.0, growth_steps=1)
    scale.unscaled([tf.constant([np.inf])])
    assert float(scale.scale) == 1.0
    scale.scale.assign(2.0**24)
    scale.unscaled([tf.constant([1.0])])
    assert float(scale.scale) == 2.0**24
