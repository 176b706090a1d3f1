"""The data that a trained network is asked to look at."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.config import DataConfig, ExperimentConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.training_data import write_training_data
from wsfcn_tf.weights.trained import Trained


@pytest.fixture
def roots(tmp_path):
    """Two folders of a photo whose mask has 255 where the thing is."""
    roots = [tmp_path / name for name in ("own", "other")]
    for root in roots:
        (root / "masks").mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(root / "a.png")
        Image.fromarray(np.eye(4, dtype=np.uint8) * 255).save(root / "masks" / "a.png")
        (root / "tags.csv").write_text("image,tags\na,cat\n")
    return roots


def trained(root, **more):
    data = DataConfig(format="tagged", root=str(root), mask_values={0: "background", 255: "cat"})
    return Trained(None, ExperimentConfig(data=replace(data, **more)), ("cat",), Path("w"), Path("RUN"))


def test_what_masks_values_mean_is_said_for_the_runs_own_data(roots):
    own, other = roots
    network = trained(own)
    for root in (None, str(own), str(own / ".." / "own")):
        np.testing.assert_array_equal(network.dataset(root).mask("a.png"), np.eye(4))
    np.testing.assert_array_equal(network.dataset(str(other)).mask("a.png"), 255 * np.eye(4))
    given = {0: "cat", 255: "ignore"}
    for root in (None, str(other)):
        assert network.dataset(root, given).mask("a.png")[0, 1] == 1


def test_how_many_photos_were_trained_on(roots, tmp_path):
    own, other = roots
    run = RunFolder(tmp_path / "run")
    network = replace(trained(own), run=run.root)
    assert network.trained_on(["a.png"]) is None  # the run does not say which
    write_training_data(run.training_data, ["a.png", "b.jpg", "c"], np.eye(3)[:, :1], ["cat"])
    for root in (None, str(own), str(own / ".." / "own")):
        assert network.trained_on(["a", "b.jpg", "d.png"], root) == 2
    assert network.trained_on(["d.png"]) == 0
    assert network.trained_on(["a.png"], str(other)) is None  # another photo of that name


def test_values_without_a_folder():
    with pytest.raises(UserError) as error:
        trained(None, format="scenes", mask_values=None).dataset(None, {255: "cat"})
    told = "data.mask_values is for the masks of a folder, data.format voc or tagged; leave it out"
    assert str(error.value) == f"RUN: {told}"
