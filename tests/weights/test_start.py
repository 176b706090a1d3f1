"""A training that starts from a run. What a backbone can start from is in test_backbone."""

import numpy as np
import pytest
from networks import smallest_network

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import ExperimentConfig, ModelConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.models.network_file import save_network
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.weights.start import load_start

NAMES = ("cat", "dog")


@pytest.fixture
def run(tmp_path):
    """A run's folder, and its network."""
    run, model = RunFolder(tmp_path / "run"), build_tiny(ModelConfig(num_classes=2))
    run.create(ExperimentConfig(), NAMES)
    save_network(model, run.weights)
    return run, model


def test_all_of_a_run_s_network(run):
    folder, model = run
    other = build_tiny(ModelConfig(num_classes=2))
    kernel = np.asarray(other.head.classifier.kernel)
    assert (kernel != np.asarray(model.head.classifier.kernel)).any()
    load_start(other, str(folder.root), NAMES)
    for one, value in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, value)


def test_what_does_not_fit(run, tmp_path):
    folder, model = run
    with pytest.raises(UserError) as error:
        load_start(model, str(folder.root), ("dog", "cat"))
    assert str(error.value) == (
        f"training.weights: {folder.root}: its classes are cat, dog, those of the data dog, cat: they have to be the "
        "same in the same order"
    )
    with pytest.raises(UserError, match=r"training.weights: .* does not fit .* set the keys of section model as that "):
        load_start(build_tiny(ModelConfig(num_classes=3)), str(folder.root), NAMES)
    with pytest.raises(UserError, match="not a training run's folder"):
        load_start(model, str(tmp_path), NAMES)


@pytest.mark.usefixtures("few_weights")
@pytest.mark.parametrize(
    ("of_run", "of_model", "begin"), [(2, 1, [0]), (2, 2, [0, 1]), (2, 3, [0, 1, 0]), (1, 2, [0, 0])]
)
def test_a_run_of_another_number_of_networks(tmp_path, of_run, of_model, begin):
    source, folder = smallest_network(networks=of_run), RunFolder(tmp_path)
    folder.create(ExperimentConfig(model=source.config), ("a", "b", "c"))
    save_network(source, folder.weights)
    model = smallest_network(networks=of_model)
    load_start(model, str(tmp_path), ("a", "b", "c"))
    for member, number in zip(model.members(), begin, strict=True):
        theirs = source.members()[number].get_weights()
        assert all(np.array_equal(one, other) for one, other in zip(member.get_weights(), theirs, strict=True))


@pytest.mark.usefixtures("few_weights")
def test_several_networks_that_do_not_fit(tmp_path):
    folder = RunFolder(tmp_path)
    folder.create(ExperimentConfig(model=smallest_network(networks=2).config), ("a", "b", "c"))
    save_network(smallest_network(networks=2, decoder_width=8), folder.weights)
    with pytest.raises(UserError, match=r"training.weights: .* does not fit .* set the keys of section model as that "):
        load_start(smallest_network(), str(tmp_path), ("a", "b", "c"))
