"""The whole 147-million-parameter network against the release, with the release's weights by their names."""

import numpy as np
import pytest
import tensorflow as tf
from golden import recipe
from golden.recipe import assert_close

from wsfcn_tf import ModelConfig, build_model
from wsfcn_tf.models import stochastic_gate
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.weights import load_torch_state_dict


@pytest.fixture(scope="module")
def model():
    network = build_model(ModelConfig(num_classes=20, dropout=False))  # inference does not drop anything anyway
    load_torch_state_dict(network, recipe.state_dict("wsfcn"))
    return network


@pytest.fixture(scope="module")
def arrays():
    return recipe.load("wsfcn_network")


@pytest.fixture(scope="module")
def features(model, arrays):
    """Every stage of the network on the odd-sized image."""
    low, high = model.backbone(normalise(arrays["eval_image"]), training=False)
    context = model.context(high, training=False)
    shallow, deep = model.fusion([low, context], training=False)
    aligned = model.fusion.alignment([low, context])
    return {"conv3": low, "conv6": high, "fca": context, "align": aligned, "sf2_0": shallow, "sf2_1": deep}


@pytest.mark.parametrize(
    ("stage", "every"), [("conv3", 8), ("conv6", 64), ("fca", 8), ("align", 8), ("sf2_0", 8), ("sf2_1", 8)]
)
def test_stage(features, arrays, stage, every):
    assert_close(features[stage][..., ::every], arrays[f"eval_{stage}"])


def test_outputs_on_odd_sides(model, arrays):
    outputs = model(normalise(arrays["eval_image"]), training=False)
    np.testing.assert_array_equal(outputs["logits"][..., 0], np.ones(outputs["logits"].shape[:3]))
    assert_close(outputs["logits"][..., 1:], arrays["eval_logits"])
    assert_close(outputs["scores"], arrays["eval_cls"])
    assert_close(outputs["masks"][:, ::2, ::2], arrays["eval_masks"])


def test_logits_on_even_sides(model, arrays):
    outputs = model(normalise(arrays["even_image"]), training=False)
    assert_close(outputs["logits"][..., 1:], arrays["even_logits"])


def test_training_step_with_the_release_s_gate(model, arrays, restored_statistics):
    low, high = model.backbone(normalise(arrays["train_image"]), training=True)
    shallow, deep = model.fusion([low, model.context(high, training=True)], training=True)
    mixed = stochastic_gate.mix(deep, shallow, recipe.gate_keep(tuple(deep.shape)), psi=0.3)
    foreground = model.head(mixed, training=True)
    logits = tf.concat([tf.ones_like(foreground[..., :1]), foreground], axis=-1)
    assert_close(logits, arrays["train_logits"])
    assert_close(model.pooling([logits, tf.nn.softmax(logits)]), arrays["train_cls"])


@pytest.fixture
def restored_statistics(model):
    """Training mode moves the decoder's running statistics: this puts them back."""
    moving = [weight for part in (model.fusion, model.head) for weight in part.non_trainable_variables]
    before = [np.asarray(value) for value in moving]
    yield
    for variable, value in zip(moving, before):
        variable.assign(value)


def test_trainable_parameters(model):
    """Table II of the paper: 147.34 M."""
    assert round(sum(np.prod(variable.shape) for variable in model.trainable_variables) / 1e6, 2) == 147.34
