"""A SavedModel from a run, used where there is nothing but TensorFlow."""

import hashlib
import io
import json

import cv2
import numpy as np
import pytest
from alone import answers_alone
from networks import gentle, smallest_network
from PIL import Image

from wsfcn_tf.__main__ import main
from wsfcn_tf.commands.export import size_note
from wsfcn_tf.config import ExperimentConfig, InferenceConfig
from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.data.photos.images import decode_image
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.weights.trained import load_trained

pytestmark = pytest.mark.usefixtures("few_weights")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder with weights that were drawn."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    network = gentle(smallest_network())
    network.save_weights(folder.weights)
    inference = InferenceConfig(background_value=0.3)
    folder.create(ExperimentConfig(model=network.config, inference=inference), ("cat", "dog", "sheep"))
    return folder


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    output = tmp_path_factory.mktemp("models") / "mine" / "1"
    assert main(["export", str(run.root), "--output", str(output), "--max-batch", "5"]) == 0
    return output


def test_same_as_predict_where_there_is_only_tensorflow(run, exported, tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 33, 46, 3), dtype=np.uint8)
    smooth = cv2.resize(images[0, :9, :9], (47, 32), interpolation=cv2.INTER_CUBIC)
    encoded = [cv2.imencode(suffix, smooth)[1] for suffix in (".jpg", ".png")]
    result = answers_alone({"it": exported}, images, encoded, tmp_path)["it"]

    trained = load_trained(run.root)
    predict = Predictor(trained.model, trained.config.inference)
    for i, image in enumerate(images):
        expected = predict(image)
        np.testing.assert_allclose(result["scores"][i], expected.scores, atol=1e-5)
        np.testing.assert_allclose(result["masks"][i], expected.masks, atol=5e-5)  # oneDNN's kernels move them by 1e-5
        assert (result["labels"][i] == expected.labels).mean() > 0.999  # an arg max may be a tie but for rounding
    photos = result["photos"]
    for i, data in enumerate(encoded):
        expected = predict(decode_image(data.tobytes(), "photo"))
        mask = Image.open(io.BytesIO(photos["mask_bytes"][i]))
        assert mask.mode == "P" and mask.getpalette() == voc_palette().ravel().tolist()
        assert (np.asarray(mask) == expected.labels).mean() > 0.999
        np.testing.assert_allclose(photos["scores"][i], expected.scores, atol=1e-5)
        names = [trained.class_names[label - 1] for label in np.unique(mask) if label > 0]
        assert photos["labels"][i].decode() == ";".join(names)


def test_what_lies_beside_the_graph(run, exported):
    extra = exported / "assets.extra"
    assert (extra / "classes.txt").read_text() == "cat\ndog\nsheep\n"
    assert (extra / "config.yaml").read_text() == (run.root / "config.yaml").read_text()
    metadata = json.loads((extra / "metadata.json").read_text())
    assert metadata["limits"] == {"bytes": 20_000_000, "pixels": 4_194_304, "side": 8192, "batch": 5}
    assert metadata["weights_sha256"] == hashlib.sha256(run.weights.read_bytes()).hexdigest()
    assert not (extra / "record.json").exists()  # these weights were drawn
    assert set(metadata["signatures"]) == {"serving_default", "predict_array", "probabilities"}
    assert metadata["palette"] == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
    assert metadata["inference"]["background_value"] == 0.3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "inference.crf.iterations=10"], "crf.iterations=0, or take --refine pamr in the CRF's place"),
        (["--set", "inference.saliency=10"], "inference.saliency cannot be exported"),
        (["--set", "inference.grab_cut=5"], "inference.grab_cut cannot be exported"),
        (
            ["--set", "inference.saliency=10", "--set", "inference.grab_cut=5", "--set", "inference.crf.iterations=1"],
            "--set inference.saliency=0 --set inference.grab_cut=0 --set inference.crf.iterations=0, or take --refine",
        ),
        (["--set", "inference.logit_adjustment=1"], "inference.logit_adjustment needs inference.class_log_odds"),
        (["--inner-size", "3x"], "--inner-size: 3x is neither"),
        (["--max-side", "0"], "--max-side: must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_exported_leaves_nothing(run, tmp_path, capsys, words, message):
    assert main(["export", str(run.root), "--output", str(tmp_path / "1"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("inner_size", "is_near"),
    [(None, True), ((512, 512), True), ((150, 1344), True), ((1345, 500), False), ((149, 200), False)],
)
def test_a_size_that_the_network_has_not_seen_is_noted(inner_size, is_near):
    note = size_note(inner_size, 448)
    assert note is None if is_near else "is far from the crops of 448 pixels" in note


def test_weights_beyond_two_gigabytes_are_refused(run, tmp_path, capsys, monkeypatch):
    """Before anything is traced."""
    monkeypatch.setattr("wsfcn_tf.serving.export.LARGEST", 1_000)
    assert main(["export", str(run.root), "--output", str(tmp_path / "1"), "--precision", "float16"]) == 2
    assert "GB in float16, more than the 2 GB of a SavedModel: take --precision" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_not_touched(run, tmp_path, capsys):
    (tmp_path / "kept.txt").write_text("")
    assert main(["export", str(run.root), "--output", str(tmp_path)]) == 2
    assert f"error: {tmp_path}: exists; export to another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
