import operator

import keras
import numpy as np
import pytest
from golden import recipe
from networks import small_network

from wsfcn_tf.errors import UserError
from wsfcn_tf.models.layers import batch_norm, conv
from wsfcn_tf.weights import load_torch_state_dict
from wsfcn_tf.weights.name_map import WSFCN
from wsfcn_tf.weights.torch_state_dict import assign_state_dict

UNUSED = [f"fca.fca{i}.bn.{s}" for i in range(1, 5) for s in ("weight", "bias", "running_mean", "running_var")]


@pytest.fixture(scope="module")
def model():
    return small_network()


@pytest.fixture
def state(model):
    """A state dict with the release's names and the small network's shapes, drawn by the goldens' recipe."""
    shapes = {}
    for name, shape in recipe.shapes("wsfcn").items():
        if name not in UNUSED:
            layer, suffix = name.rsplit(".", 1)
            shape = variable(model, layer, suffix).shape
            shapes[name] = tuple(shape) if len(shape) == 1 else (shape[3], shape[2], shape[0], shape[1])
    return {name: recipe.draw(name, shape) for name, shape in shapes.items()}


def variable(model, module, suffix):
    layer = operator.attrgetter(WSFCN[module])(model)
    if isinstance(layer, keras.layers.BatchNormalization):
        attributes = {
            "weight": "gamma",
            "bias": "beta",
            "running_mean": "moving_mean",
            "running_var": "moving_variance",
        }
    else:
        attributes = {"weight": "kernel", "bias": "bias"}
    return getattr(layer, attributes[suffix])


def assert_loaded(model, state):
    for name, value in state.items():
        expected = value.transpose(2, 3, 1, 0) if value.ndim == 4 else value
        np.testing.assert_array_equal(variable(model, *name.rsplit(".", 1)), expected, err_msg=name)


def test_every_variable_is_set(model, state):
    load_torch_state_dict(model, state)
    assert_loaded(model, state)
    assert len(state) == len(model.weights)


def test_data_parallel_prefix_and_unused_tensors(model, state):
    state = {name: value + 1 for name, value in state.items()}
    unused = dict.fromkeys([*UNUSED, "bn7.num_batches_tracked"], np.ones(5))
    load_torch_state_dict(model, {f"module.{name}": value for name, value in (state | unused).items()})
    assert_loaded(model, state)


# === Mistakes ===


def refusal(model, state):
    before = model.get_weights()
    with pytest.raises(UserError) as error:
        load_torch_state_dict(model, state)
    assert "\n" not in str(error.value)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)
    return str(error.value)


def test_all_complaints_in_one_line(model, state):
    del state["last_conv.8.bias"], state["conv1a.weight"]
    state["fca.fca5.conv.weight"] = np.zeros((1, 1, 1, 1))
    state["bn7.bias"] = np.zeros(7)
    assert refusal(model, state) == (
        "the state dict does not fit the model: 2 missing (conv1a.weight, last_conv.8.bias); "
        "1 unexpected (fca.fca5.conv.weight); 1 mis-shaped (bn7.bias (7,) for (512,))"
    )


def test_many_complaints_are_counted(model, state):
    missing = sorted(name for name in state if name.startswith("sf2."))
    message = refusal(model, {name: value for name, value in state.items() if name not in missing})
    listed = ", ".join(missing[:8])
    assert message == f"the state dict does not fit the model: 48 missing ({listed} and 40 more)"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sf2.conv1h.weight", lambda value: value[:, :-1]),
        ("b6.conv_branch1.weight", lambda value: value[:, :, 0, 0]),
        ("last_conv.8.bias", lambda value: value[:1]),  # NumPy would broadcast it
    ],
)
def test_other_shapes_are_refused(model, state, name, change):
    state[name] = change(state[name])
    assert f"1 mis-shaped ({name} {state[name].shape} for " in refusal(model, state)


def test_weights_of_another_number_of_classes(model, state):
    state["last_conv.8.weight"] = np.zeros((20, 16, 1, 1))
    state["last_conv.8.bias"] = np.zeros(20)
    assert "2 mis-shaped (last_conv.8.bias (20,) for (3,), last_conv.8.weight (20, 16, 1, 1)" in refusal(model, state)


# === Any layer ===


class Pair:
    """Something with two layers."""

    def __init__(self):
        self.conv, self.bn = conv(3, (3, 1), use_bias=True), batch_norm()
        self.conv.build((None, None, None, 2))
        self.bn.build((None, None, None, 3))


def test_axes_and_names(rng):
    pair, kernel = Pair(), rng.standard_normal((3, 2, 3, 1)).astype(np.float32)
    vectors = {name: rng.standard_normal(3).astype(np.float32) for name in ("bias", "weight", "mean", "var")}
    state = {
        "c.weight": kernel,
        "c.bias": vectors["bias"],
        "b.weight": vectors["weight"],
        "b.bias": vectors["bias"],
        "b.running_mean": vectors["mean"],
        "b.running_var": vectors["var"],
    }
    assign_state_dict(pair, state, {"c": "conv", "b": "bn"})
    for out, into, row in np.ndindex(3, 2, 3):
        assert pair.conv.kernel[row, 0, into, out] == kernel[out, into, row, 0]
    np.testing.assert_array_equal(pair.conv.bias, vectors["bias"])
    np.testing.assert_array_equal(pair.bn.gamma, vectors["weight"])
    np.testing.assert_array_equal(pair.bn.moving_mean, vectors["mean"])
    np.testing.assert_array_equal(pair.bn.moving_variance, vectors["var"])
