"""A training that starts from a run. What a backbone can start from is in test_backbone."""

import numpy as np
import pytest

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
