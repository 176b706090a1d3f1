from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import graph, noise, small_network, smallest_network

from wsfcn_tf.config import SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.training.grouped_optimizers import GroupedSGD
from wsfcn_tf.training.schedule import Schedule

pytestmark = pytest.mark.usefixtures("few_weights")

CONFIG = TrainingConfig()
GROUPS = [(1.0, 0.1), (3.0, 0.0), (20.0, 0.5)]  # (multiplier, decay)


def test_formula_over_several_steps(rng):
    """m = mu m + (g + d w); w -= lr r m."""
    values = [rng.standard_normal((2, 3)) for _ in GROUPS]
    gradients = rng.standard_normal((5, len(GROUPS), 2, 3))
    variables = [tf.Variable(value.astype(np.float32)) for value in values]
    multipliers, decays = zip(*GROUPS)
    optimizer = GroupedSGD(0.01, 0.9, multipliers, decays)
    optimizer.build(variables)

    momenta = [np.zeros((2, 3)) for _ in GROUPS]
    for step in gradients:
        optimizer.apply_gradients(zip([tf.constant(g, tf.float32) for g in step], variables))
        for i, (multiplier, decay) in enumerate(GROUPS):
            momenta[i] = 0.9 * momenta[i] + (step[i] + decay * values[i])
            values[i] = values[i] - 0.01 * multiplier * momenta[i]
    for variable, value in zip(variables, values):
        np.testing.assert_allclose(variable, value, rtol=1e-5, atol=1e-6)
    assert int(optimizer.iterations) == 5


def test_decays_wait_for_their_gradients():
    """A graph would begin a step with the decays of all variables, and keep as much as they are."""
    variable = tf.Variable(noise(2, 3))
    optimizer = GroupedSGD(0.01, 0.9, [1.0], [0.5])
    optimizer.build([variable])
    traced = graph(lambda gradient: optimizer.grouped([(gradient, variable)])[0][0])
    operations = traced.get_concrete_function(tf.TensorSpec([2, 3])).graph.get_operations()
    reads = [op for op in operations if op.type == "ReadVariableOp" and op.outputs[0].shape == [2, 3]]
    assert reads and all("gradient" in {before.name for before in read.control_inputs} for read in reads)


def test_momentum_is_updated_in_place():
    """Of `mu m` as an operation of its own a graph would begin with all, and keep them."""
    variable = tf.Variable(noise(2, 3))
    optimizer = GroupedSGD(0.01, 0.9, [1.0], [0.5])
    optimizer.build([variable])
    traced = graph(lambda gradient: optimizer.update_step(gradient, variable))
    operations = traced.get_concrete_function(tf.TensorSpec([2, 3])).graph.get_operations()
    assert [op.type for op in operations if op.outputs and op.outputs[0].shape == [2, 3]] == ["Placeholder"]
    assert [op for op in operations if op.type == "ResourceApplyKerasMomentum"]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_nesterov_is_keras_own(momentum):
    values = []
    for optimizer in (
        GroupedSGD(0.1, momentum, [1.0], [0.0], nesterov=True),
        keras.optimizers.SGD(0.1, momentum, nesterov=True),
    ):
        variable = tf.Variable([1.0, 2.0])
        optimizer.build([variable])
        for gradient in ([1.0, -2.0], [0.5, 3.0], [-1.0, 0.0]):
            optimizer.apply_gradients([(tf.constant(gradient), variable)])
        values.append(variable.numpy())
    np.testing.assert_allclose(*values, rtol=1e-6)


def test_cooldown_is_linear_to_zero():
    variable = tf.Variable([0.0])
    optimizer = GroupedSGD(0.5, 0.0, [2.0], [0.0], Schedule(steps=6, cooldown=4))
    optimizer.build([variable])
    steps = []
    for _ in range(8):
        before = float(variable[0])
        optimizer.apply_gradients([(tf.constant([-1.0]), variable)])
        steps.append(float(variable[0]) - before)
    np.testing.assert_allclose(steps, [1, 1, 1, 0.75, 0.5, 0.25, 0, 0], atol=1e-6)


def test_cooldown_counts_in_epochs():
    config = replace(CONFIG, epochs=10, cooldown_epochs=4)
    model = smallest_network()
    schedule = build_optimizer(model, config, steps_per_epoch=7).schedule
    assert schedule == Schedule("constant", steps=70, cooldown=28)
    assert build_optimizer(model, CONFIG).schedule == Schedule()
    with pytest.raises(ValueError, match="needs steps_per_epoch"):
        build_optimizer(model, config)


def test_round_trip_of_the_configuration():
    optimizer = GroupedSGD(0.02, 0.8, [1.0, 2.0], [0.1, 0.0], Schedule("poly", 5, warmup=3))
    described = keras.saving.serialize_keras_object(optimizer)
    clone = keras.saving.deserialize_keras_object(described)
    assert clone.get_config() == optimizer.get_config()
    assert (clone.multipliers, clone.decays, clone.schedule) == ([1.0, 2.0], [0.1, 0.0], Schedule("poly", 5, warmup=3))


def test_as_many_gradients_as_groups():
    optimizer = GroupedSGD(0.01, 0.9, [1.0, 1.0], [0.0, 0.0])
    variable = tf.Variable([1.0])
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is longer"):
        optimizer.apply_gradients([(tf.constant([1.0]), variable)])


# === Groups of the network ===


@pytest.mark.parametrize("from_scratch", [False, True])
def test_every_variable_is_in_its_group(from_scratch):
    model = small_network(from_scratch=from_scratch)
    optimizer = build_optimizer(model, CONFIG)
    trained = model.trainable_variables
    groups = {id(v): group for v, *group in zip(trained, optimizer.multipliers, optimizer.decays, strict=True)}

    decay = CONFIG.weight_decay
    expected = {
        "backbone kernel": (model.backbone.b4.conv_branch2a.kernel, [1, decay]),
        "context kernel": (model.context.strip3.down.kernel, [20, decay]),
        "context scale": (model.context.bn.gamma, [20, decay]),
        "context shift": (model.context.pooling.bn.beta, [40, 0]),
        "alignment kernel": (model.fusion.alignment.flow.kernel, [20, decay]),
        "fusion kernel": (model.fusion.paths.deep3.conv.kernel, [20, decay]),
        "fusion bias": (model.fusion.paths.deep3.conv.bias, [40, 0]),
        "fusion shift": (model.fusion.paths.deep3.bn.beta, [40, 0]),
        "head scale": (model.head.block1.bn.gamma, [20, decay]),
        "classifier kernel": (model.head.classifier.kernel, [20, decay]),
        "classifier bias": (model.head.classifier.bias, [40, 0]),
    }
    backbone_norm = {
        "backbone scale": (model.backbone.b4.bn_branch2a.gamma, [1, decay]),
        "backbone shift": (model.backbone.bn7.beta, [2, 0]),
    }
    for name, (variable, group) in (expected | (backbone_norm if from_scratch else {})).items():
        assert groups[id(variable)] == group, name
    if not from_scratch:
        assert not groups.keys() & {id(variable) for variable, _ in backbone_norm.values()}

    in_backbone = {id(variable) for variable in model.backbone.trainable_variables}
    for variable in trained:
        multiplier, _ = groups[id(variable)]
        assert multiplier in ((1, 2) if id(variable) in in_backbone else (20, 40))


def test_multipliers_come_from_the_config():
    config = replace(CONFIG, backbone_bias_multiplier=3.0, new_weight_multiplier=5.0, new_bias_multiplier=7.0)
    optimizer = build_optimizer(smallest_network(from_scratch=True), config)
    assert set(optimizer.multipliers) == {1.0, 3.0, 5.0, 7.0}
    assert float(tf.convert_to_tensor(optimizer.learning_rate)) == pytest.approx(1e-3)
    assert optimizer.momentum == 0.9


# === One step of the network ===


def changed_by_a_step(**settings):
    """(model, ids of the variables that one step of training changed)."""
    model = small_network(**settings)
    model.compile(build_optimizer(model, CONFIG), Objective(SelfSupervisionConfig(), 2))
    before = model.get_weights()
    model.update(tf.constant(noise(2, 33, 33, 3)), tf.constant([[1.0, 0, 1], [0, 1, 0]]), False)
    pairs = zip(model.weights, before, model.get_weights(), strict=True)
    return model, {id(variable) for variable, old, new in pairs if not np.array_equal(old, new)}


def statistics(layer):
    moving = [weight for weight in layer.weights if "moving_" in weight.name]
    assert moving
    return {id(weight) for weight in moving}


def test_frozen_parts_do_not_change():
    model, changed = changed_by_a_step(from_scratch=False)
    backbone = model.backbone
    norms = [
        bn
        for name in backbone.block_names
        for bn in vars(getattr(backbone, name)).values()
        if isinstance(bn, keras.layers.BatchNormalization)
    ]
    assert len(norms) == 15 * 2 + 2 * 3
    frozen = [backbone.conv1a, backbone.b2, backbone.b2_1, backbone.b2_2, backbone.bn7, *norms]
    assert not changed & {id(weight) for layer in frozen for weight in layer.weights}
    assert id(backbone.b3.conv_branch2a.kernel) in changed

    # context: statistics fixed, scale and shift trained
    for bn in (model.context.bn, model.context.pooling.bn):
        assert not changed & statistics(bn)
        assert {id(bn.gamma), id(bn.beta)} <= changed
    # fusion and head: everything moves
    assert statistics(model.fusion) | statistics(model.head) <= changed
    kernels = {id(weight) for weight in model.trainable_variables if "kernel" in weight.name}
    assert len(kernels) > 50 and kernels <= changed


def test_from_scratch_everything_changes():
    model, changed = changed_by_a_step(from_scratch=True)
    assert statistics(model.backbone) | statistics(model.context) <= changed
    assert {id(model.backbone.conv1a.kernel), id(model.backbone.b2.bn_branch2a.gamma)} <= changed
