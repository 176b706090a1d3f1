"""Trained networks as folders in KerasHub's layout, and back."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from networks import gentle, randomise, smallest_network
from tiny import NAMES

from wsfcn_tf import Segmenter
from wsfcn_tf.config import DataConfig, ExperimentConfig, InferenceConfig, TrainingConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.epoch_table import write_row
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.training_data import write_training_data

pytestmark = pytest.mark.usefixtures("few_weights")

INFERENCE = InferenceConfig(background_value=0.3, scales=(0.5, 1.0))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder as training leaves it, with drawn weights."""
    folder, network = RunFolder(tmp_path_factory.mktemp("runs") / "mine"), smallest_network()
    randomise(network)
    gentle(network)
    config = ExperimentConfig(
        model=network.config,
        data=DataConfig(root="/home/somebody/beach"),
        training=TrainingConfig(
            epochs=3, validate_every=1, validate_miou=True, select="miou", weights="/home/w/imagenet.weights.h5"
        ),
        inference=INFERENCE,
    )
    folder.create(config, NAMES)
    network.save_weights(folder.weights)
    write_training_data(folder.training_data, ["a.jpg", "b.jpg"], np.array([[1, 0, 1], [1, 0, 0]]), NAMES)
    for epoch in (1, 2, 3):
        write_row(folder.validation, epoch, {"loss": 1 / epoch, "map": 0.5, "miou": 0.6 + epoch / 100})
    start = {"seconds": 5400, "versions": {"wsfcn-tf": "0.1.0", "keras": "9.9"}, "warnings": ["dog: looks odd"]}
    folder.record.write_text(json.dumps({"starts": [{**start, "selected": {"epoch": 2, "miou": 0.62}}]}))
    return folder.root


@pytest.fixture(scope="module")
def preset(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "beach"
    Segmenter(run).save_to_preset(folder, licence="cc-by-4.0")
    return folder


@pytest.fixture
def photo(rng):
    return rng.integers(0, 256, (40, 52, 3), dtype=np.uint8)


def assert_same(one, other, photo):
    one, other = (segmenter.predict(photo, probabilities=True) for segmenter in (one, other))
    np.testing.assert_array_equal(one.probabilities, other.probabilities)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.scores, other.scores)
    assert one.class_names == other.class_names == NAMES


def test_what_comes_back_is_what_was_saved_to_the_bit(run, preset, photo):
    assert_same(Segmenter(run), Segmenter.from_preset(preset), photo)


def test_rules_as_they_were_changed_are_saved_and_can_be_changed_again(run, photo, tmp_path):
    Segmenter(run, flip=True).save_to_preset(tmp_path / "flipped")
    assert_same(Segmenter(run, flip=True), Segmenter.from_preset(tmp_path / "flipped"), photo)
    assert_same(Segmenter(run), Segmenter.from_preset(tmp_path / "flipped", flip=False), photo)


def test_the_files_are_kerashubs(preset):
    assert {path.name for path in preset.iterdir()} == {
        "config.json",
        "model.weights.h5",
        "preprocessor.json",
        "metadata.json",
        "README.md",
    }
    config = json.loads((preset / "config.json").read_text())
    assert (config["class_name"], config["registered_name"]) == ("WSFCN", "wsfcn_tf>WSFCN")
    assert json.loads((preset / "metadata.json").read_text())["parameter_count"] > 0


def test_nothing_tells_where_it_was_made(preset):
    for name in ("config.json", "preprocessor.json", "metadata.json", "README.md"):
        assert "/home/" not in (preset / name).read_text()


def test_the_card_says_what_the_run_noted(preset):
    card = (preset / "README.md").read_text()
    assert card.startswith('---\nlibrary_name: keras\npipeline_tag: image-segmentation\nlicense: "cc-by-4.0"\n')
    assert "# beach\n" in card and 'Segmenter.from_preset("FOLDER")' in card
    assert "2 photos of voc beach, with tags" in card
    for row in ("| cat   | 2 |", "| dog   | 0 |", "| sheep | 1 |"):
        assert row.replace(" ", "") in card.replace(" ", "")
    assert (
        "vgg16 aspp gci; all of its settings are in config.json. Its backbone started from `imagenet.weights.h5`."
        in card
    )
    assert "It took 1.5 hours in 1 start(s), with wsfcn-tf 0.1.0, keras 9.9." in card
    assert "dog: looks odd" in card
    assert "after epoch 2, as measured in training. Masks of this split chose the epoch, so its mIoU flatters." in card
    assert "|miou|62.00%|" in card.replace(" ", "") and "|map|50.00%|" in card.replace(" ", "")
    assert "The weights are under cc-by-4.0." in card


def test_a_preset_of_a_preset_claims_nothing_that_is_not_known(preset, tmp_path, photo):
    Segmenter.from_preset(preset).save_to_preset(tmp_path / "again")
    card = (tmp_path / "again" / "README.md").read_text()
    assert "None is stated for the weights." in card and "license:" not in card
    assert "## Data" not in card and "## Figures" not in card
    assert_same(Segmenter.from_preset(preset), Segmenter.from_preset(tmp_path / "again"), photo)


def test_without_a_record_or_figures_the_card_says_so(run, tmp_path):
    bare = RunFolder(tmp_path / "bare")
    config, names = RunFolder(run).read()
    bare.create(replace(config, training=TrainingConfig()), names)
    bare.weights.write_bytes((run / "model.weights.h5").read_bytes())
    Segmenter(bare.root).save_to_preset(tmp_path / "preset")
    card = (tmp_path / "preset" / "README.md").read_text()
    assert "None were measured in training" in card and "How it was trained was not noted." in card
    assert "started from" not in card.replace("what the backbone started from", "")


# === What cannot be ===


def test_a_folder_that_exists_is_left_alone(run, preset):
    with pytest.raises(UserError) as caught:
        Segmenter(run).save_to_preset(preset)
    assert str(caught.value) == f"{preset}: exists; choose another folder, or move it away"


def test_what_is_served_has_no_weights_to_publish(tmp_path):
    with pytest.raises(UserError, match="what is exported or served cannot be written as a preset: open the run"):
        Segmenter("http://127.0.0.1:9/v1/models/none").save_to_preset(tmp_path / "preset")


def _without(name):
    return lambda folder: (folder / name).unlink()


def _changed(name, **values):
    def change(folder):
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(content | values))

    return change


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without("config.json"), "{folder}: is no preset, there is no config.json in it"),
        (_without("preprocessor.json"), "{folder}/preprocessor.json: there is no such file"),
        (_without("model.weights.h5"), "{folder}/model.weights.h5: does not fit the network of config.json"),
        (
            _changed("config.json", registered_name="keras_hub>ResNetBackbone", class_name="ResNetBackbone"),
            "{folder}: holds ResNetBackbone, no network of this project; to train one on it, set model.backbone",
        ),
        (_changed("config.json", config={}), "{folder}/config.json: does not say what the network is made of"),
        (_changed("config.json", config={"config": {"wings": 2}}), "{folder}/config.json: model.wings is not a key"),
        (_changed("preprocessor.json", class_names=["cat"]), "{folder}: names 1 classes, but the network has 3"),
        (_changed("preprocessor.json", class_names="cat"), "{folder}/preprocessor.json: names no classes"),
        (_changed("preprocessor.json", inference={"flip": 3}), "{folder}/preprocessor.json: inference.flip must be"),
    ],
)
def test_a_wrong_folder_is_told_in_one_line(preset, tmp_path, spoil, words):
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in preset.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    spoil(folder)
    with pytest.raises(UserError) as caught:
        Segmenter.from_preset(folder)
    assert str(caught.value).startswith(words.format(folder=folder))


def test_a_run_is_no_preset(run):
    with pytest.raises(UserError) as caught:
        Segmenter.from_preset(run)
    assert str(caught.value) == (
        f"{run}: is no preset, there is no config.json in it; it is a run's: Segmenter({str(run)!r})"
    )


# === Hubs ===


@pytest.mark.parametrize(
    ("source", "package", "function", "handle"),
    [
        ("hf://somebody/beach", "huggingface_hub", "snapshot_download", "somebody/beach"),
        ("kaggle://somebody/wsfcn/keras/beach", "kagglehub", "model_download", "somebody/wsfcn/keras/beach"),
    ],
)
def test_hubs_are_asked_by_their_own_clients(preset, run, photo, monkeypatch, source, package, function, handle):
    asked = []

    def fetch(name):
        asked.append(name)
        return str(preset)

    monkeypatch.setitem(sys.modules, package, SimpleNamespace(**{function: fetch}))
    assert_same(Segmenter(run), Segmenter.from_preset(source), photo)
    assert asked == [handle]

    def refuse(name):
        raise OSError("404 Client Error\nmore")

    monkeypatch.setitem(sys.modules, package, SimpleNamespace(**{function: refuse}))
    with pytest.raises(UserError) as caught:
        Segmenter.from_preset(source)
    assert str(caught.value) == f"{source}: cannot be had (404 Client Error)"

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError) as caught:
        Segmenter.from_preset(source)
    assert str(caught.value) == f"{source}: needs {package}, which is not installed: pip install {package}"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere", "nowhere: there is no such folder"),
        ("gs://x/y", "gs://x/y: a preset is a folder, hf://OWNER/NAME or kaggle://OWNER/MODEL/keras/NAME"),
    ],
)
def test_what_is_neither(source, words):
    with pytest.raises(UserError) as caught:
        Segmenter.from_preset(source)
    assert str(caught.value) == words
