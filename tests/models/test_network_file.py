"""Keras writes a compiled model's optimiser along; a network's file has the network alone."""

import warnings

import h5py
import keras
import numpy as np
import pytest
from golden import keras_files
from networks import randomise, small_network

from wsfcn_tf.config import SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.models.network_file import load_network, save_network
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.weights.backbone import load_backbone

NOT_THERE = r"expected . variables, but received 0|could not be loaded"


def compiled(seed):
    model = small_network()
    randomise(model, seed)
    model.compile(build_optimizer(model, TrainingConfig()), Objective(SelfSupervisionConfig(), max_tags=2))
    momentum = momenta(model.optimizer)[0]
    momentum.assign(np.full(momentum.shape, seed))
    return model


def momenta(optimizer):
    variables = optimizer.variables
    return [variable for variable in (variables() if callable(variables) else variables) if len(variable.shape) > 1]


def assert_same_weights(model, other):
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture(scope="module")
def models():
    return compiled(1), compiled(2)


def numbers(path):
    found = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.append(item.size) if isinstance(item, h5py.Dataset) else None)
    return sum(found)


def shapes(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: getattr(item, "shape", None)}))
    return {name: shape for name, shape in found.items() if shape is not None}


def test_a_compiled_network_alone(models, tmp_path):
    first, second = models
    optimizer = second.optimizer
    save_network(first, tmp_path / "first.weights.h5")
    assert numbers(tmp_path / "first.weights.h5") == sum(weight.size for weight in first.get_weights())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_network(second, tmp_path / "first.weights.h5")
    assert_same_weights(first, second)
    assert second.optimizer is optimizer and np.all(momenta(optimizer)[0] == 2)


def test_a_file_with_an_optimiser(models, tmp_path):
    first, second = compiled(3), models[1]
    first.save_weights(tmp_path / "both.weights.h5")
    load_network(second, tmp_path / "both.weights.h5")
    assert_same_weights(first, second)
    assert np.all(momenta(second.optimizer)[0] == 2)


def test_a_network_that_is_not_compiled(models, tmp_path):
    save_network(models[0], tmp_path / "first.weights.h5")
    bare = small_network()
    load_network(bare, tmp_path / "first.weights.h5")
    assert_same_weights(bare, models[0])
    save_network(bare, tmp_path / "bare.weights.h5")
    assert numbers(tmp_path / "bare.weights.h5") == numbers(tmp_path / "first.weights.h5")


@pytest.fixture(params=[1, 2])
def networks(request):
    return request.param


@pytest.fixture
def model(networks, monkeypatch):
    return keras_files.network(monkeypatch, networks)


@pytest.mark.parametrize("generation", ["2", "3"])
def test_what_either_generation_writes_is_read(model, networks, generation, tmp_path):
    keras_files.write(tmp_path / "theirs.weights.h5", generation, networks)
    load_network(model, tmp_path / "theirs.weights.h5")
    said = model(keras_files.image(), training=False)
    for name, expected in keras_files.outputs(generation, networks).items():
        np.testing.assert_allclose(said[name], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("generation", ["2", "3"])
def test_a_backbone_is_read_from_a_network_of_either_generation(generation, monkeypatch, tmp_path):
    path = tmp_path / "theirs.weights.h5"
    keras_files.write(path, generation, 1)
    whole, other = keras_files.network(monkeypatch, 1), keras_files.network(monkeypatch, 1)
    load_network(whole, path)
    load_backbone(other, str(path))
    assert_same_weights(whole.backbone, other.backbone)


def test_what_this_generation_writes_is_as_it_was(model, networks, tmp_path):
    """So that the other one reads it."""
    save_network(model, tmp_path / "ours.weights.h5")
    keras_files.write(tmp_path / "expected.weights.h5", keras.__version__[0], networks)
    assert shapes(tmp_path / "ours.weights.h5") == shapes(tmp_path / "expected.weights.h5")


@pytest.mark.parametrize("generation", ["2", "3"])
def test_a_part_that_is_missing(model, networks, generation, tmp_path):
    path = tmp_path / "theirs.weights.h5"
    keras_files.write(path, generation, networks)
    with h5py.File(path, "a") as file:
        del file[next(name for name in shapes(path) if "/bn/vars/" in name).rpartition("/vars/")[0]]
    with pytest.raises(ValueError, match=NOT_THERE):
        load_network(model, path)


def test_what_is_no_array_of_the_other_generation_s_file(model, networks, tmp_path):
    path, theirs = tmp_path / "theirs.weights.h5", {"2": "3", "3": "2"}[keras.__version__[0]]
    keras_files.write(path, theirs, networks)
    keras_files.write(tmp_path / "elsewhere.weights.h5", theirs, networks)
    name = next(name for name in shapes(path) if "/bn/vars/" in name)
    for item, told in (
        (h5py.ExternalLink(tmp_path / "elsewhere.weights.h5", name), "is not an array of the file itself"),
        (np.zeros(100_000), "more than any weight of the network"),
    ):
        with h5py.File(path, "a") as file:
            del file[name]
            file[name] = item
        with pytest.raises(ValueError, match=told):
            load_network(model, path)
