"""A SavedModel from a run, used where there is nothing but TensorFlow."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, small_network

from wsfcn_tf.__main__ import main
from wsfcn_tf.config import ExperimentConfig, InferenceConfig
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.run_folder import RunFolder
from wsfcn_tf.weights.trained import load_trained

RULES = [
    InferenceConfig(background_value=0.3),
    InferenceConfig(background="power", background_value=3.0, presence_threshold=0.0),
    InferenceConfig(background="none", presence_threshold=0.45),
]
CALL = """
import sys
import numpy as np
import tensorflow as tf
signature = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
for size in ((33, 47), (32, 64)):
    images = np.random.default_rng(size).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    np.savez(f"{sys.argv[2]}-{size[0]}.npz", images=images, **signature(images=tf.constant(images)))
assert not any(name.startswith("wsfcn_tf") for name in sys.modules)
"""


@pytest.fixture(scope="module", params=RULES, ids=lambda rules: rules.background)
def run(request, tmp_path_factory):
    """A run's folder with weights that were drawn."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    network = gentle(small_network())
    network.save_weights(folder.weights)
    folder.claim(ExperimentConfig(model=network.config, inference=request.param), ("cat", "dog", "sheep"))
    return folder


def test_same_labels_as_predict_where_there_is_only_tensorflow(run, tmp_path):
    output = tmp_path / "models" / "1"
    assert main(["export", str(run.root), "--output", str(output)]) == 0
    assert (output / "assets.extra" / "classes.txt").read_text() == "cat\ndog\nsheep\n"
    subprocess.run([sys.executable, "-c", CALL, str(output), str(tmp_path / "result")], check=True, cwd=tmp_path)

    trained = load_trained(run.root)
    predict = Predictor(trained.model, trained.config.inference)
    found = set()
    for side in (33, 32):
        result = np.load(tmp_path / f"result-{side}.npz")
        assert result["labels"].dtype == np.uint8
        for image, labels, scores in zip(result["images"], result["labels"], result["scores"]):
            expected = predict(image)
            np.testing.assert_allclose(scores, expected.scores, atol=1e-5)
            assert (labels == expected.labels).mean() > 0.999  # an arg max may be a tie but for rounding
            found |= set(np.unique(labels))
    assert len(found) > 1


def test_rules_can_be_changed_and_what_is_left_out_is_said(run, tmp_path, capsys):
    views = ["--set", "inference.flip=true", "--set", "inference.background=constant"]
    for name, value in (("all", "0"), ("none", "2")):
        settings = [*views, "--set", f"inference.background_value={value}", "--set", "inference.presence_threshold=0"]
        assert main(["export", str(run.root), "--output", str(tmp_path / name), *settings]) == 0
        assert "left out: scales, flips and CRF" in capsys.readouterr().out
        predict = tf.saved_model.load(str(tmp_path / name)).signatures["serving_default"]
        labels = predict(images=tf.zeros([1, 32, 32, 3], tf.uint8))["labels"].numpy()
        assert (labels > 0).all() if name == "all" else not labels.any()


def test_an_existing_folder_is_not_touched(run, tmp_path, capsys):
    (tmp_path / "kept.txt").write_text("")
    assert main(["export", str(run.root), "--output", str(tmp_path)]) == 2
    assert f"error: {tmp_path}: exists; export to another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
