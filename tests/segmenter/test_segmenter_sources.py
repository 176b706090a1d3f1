"""The same calls over a run, what was exported of it, and a server: the same labels."""

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loopback.model import Models
from loopback.rest import serve_rest
from networks import smallest_network
from PIL import Image
from tiny import NAMES, TinyNetwork

from wsfcn_tf import Segmenter
from wsfcn_tf.__main__ import main
from wsfcn_tf.config import CRFConfig, ExperimentConfig, InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import Photo
from wsfcn_tf.inference.views import masks_at
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.segmenter.sources import TrainedSource
from wsfcn_tf.weights.trained import Trained, load_trained

pytestmark = pytest.mark.usefixtures("few_weights")

INFERENCE = InferenceConfig(background_value=0.3)
SIZES = ((40, 52), (33, 31))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder whose network is one convolution."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    config = ExperimentConfig(inference=INFERENCE)
    folder.create(config, NAMES)
    folder.weights.write_bytes(b"not read, but export notes its checksum")
    trained = Trained(TinyNetwork(), config, NAMES, folder.weights, folder.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "wsfcn_tf.weights.trained.load_trained",
            lambda path: trained if Path(path) == folder.root else load_trained(path),
        )
        yield folder.root


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """MODELS/NAME with two versions."""
    folder = tmp_path_factory.mktemp("models") / "wsfcn"
    assert main(["export", str(run), "--output", str(folder / "2"), "--max-pixels", "5000"]) == 0
    assert main(["export", str(run), "--output", str(folder / "10"), "--max-pixels", "5000"]) == 0
    return folder


@pytest.fixture(scope="module", params=["run", "exported", "served"])
def segmenter(request, run, exported):
    if request.param == "served":
        with serve_rest(Models(exported)) as url:
            yield Segmenter(url)
    else:
        yield Segmenter({"run": run, "exported": exported / "10"}[request.param])


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("photos")
    for number, size in enumerate(SIZES):
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(folder / f"{number}.png")
    return folder


def test_labels_are_the_predictors(segmenter, photos):
    predict = Predictor(TinyNetwork(), INFERENCE)
    segmentations = segmenter.predict(photos)
    assert len(segmentations) == len(SIZES)
    for segmentation in segmentations:
        expected = predict(np.asarray(Image.open(segmentation.name)))
        assert segmentation.labels.dtype == np.uint8 and (segmentation.labels == expected.labels).mean() > 0.999
        np.testing.assert_allclose(segmentation.scores, expected.scores, atol=1e-5)
        assert set(segmentation.found) == {NAMES[label - 1] for label in np.unique(expected.labels) if label}
        assert segmentation.probabilities is None


def test_probabilities_and_arrays(segmenter, photos):
    path = photos / "1.png"
    image = np.asarray(Image.open(path))
    segmentation = segmenter.predict(image, probabilities=True)
    expected = Predictor(TinyNetwork(), INFERENCE)(image)
    np.testing.assert_allclose(segmentation.probabilities, expected.masks, atol=1e-5)
    np.testing.assert_array_equal(segmentation.labels, segmenter.predict(path).labels)


def test_large_photos_are_looked_at_as_small_ones(run, photos, tmp_path):
    """By a run and by what is exported of it; labels and probabilities are of the photo's size."""
    image = np.asarray(Image.open(photos / "0.png"))
    assert main(["export", str(run), "--output", str(tmp_path / "1"), "--set", "inference.photo_side=20"]) == 0
    expected = Predictor(TinyNetwork(), replace(INFERENCE, photo_side=20))(image)
    assert expected.masks.shape[:2] == (15, 20)
    for segmenter in (Segmenter(run, photo_side=20), Segmenter(tmp_path / "1")):
        segmentation = segmenter.predict(image, probabilities=True)
        assert (segmentation.labels == expected.labels).mean() > 0.99
        # views differ by one level where Pillow's rounding is a tie
        np.testing.assert_allclose(segmentation.probabilities, masks_at(expected.masks, SIZES[0]), atol=0.02)
        np.testing.assert_array_equal(segmentation.labels, segmentation.probabilities.argmax(axis=-1))
    metadata = json.loads((tmp_path / "1" / "assets.extra" / "metadata.json").read_text())
    assert metadata["limits"]["pixels"] == 33_554_432 and metadata["inference"]["photo_side"] == 20


def test_photos_much_larger_than_those_of_training_are_told_of_once(run, capsys, tmp_path):
    large = np.zeros((700, 1000, 3), np.uint8)
    with pytest.warns(
        UserWarning, match=r"^photo 2: is 1000x700 and looked at 2\.5 times .* inference\.photo_side=464 "
    ) as told:
        Segmenter(run).predict([large[:300, :300], large, large])
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Segmenter(run, photo_side=464).predict(large)
    Image.fromarray(large).save(tmp_path / "a.png")
    assert main(["predict", "--weights", str(run), "--output", str(tmp_path / "masks"), str(tmp_path / "a.png")]) == 0
    assert capsys.readouterr().err.count(f"warning: {tmp_path}/a.png: is 1000x700 and looked at 2.5 times") == 1


def test_class_names(segmenter):
    assert segmenter.class_names in (NAMES, None)


def test_photos_come_one_by_one(segmenter, photos):
    stream = segmenter.stream([photos / "0.png", photos / "gone.png"])
    assert next(stream).labels.shape == SIZES[0]
    with pytest.raises(UserError, match=r"gone\.png: there is no such file"):
        next(stream)


def test_rules_of_a_run_can_be_changed(run, photos):
    image = np.asarray(Image.open(photos / "0.png"))
    segmentation = Segmenter(run, background_value=0.6, scales=(0.5, 1), crf={"iterations": 1}).predict(image)
    config = InferenceConfig(background_value=0.6, scales=(0.5, 1.0), crf=CRFConfig(iterations=1))
    np.testing.assert_array_equal(segmentation.labels, Predictor(TinyNetwork(), config)(image).labels)
    with pytest.raises(UserError, match=r"^Segmenter\(.*flp"):
        Segmenter(run, flp=True)
    with pytest.raises(UserError, match="classes='scores'"):
        Segmenter(run, classes="tags")


def test_processes_for_the_crf_change_nothing(run, photos):
    segmenter = Segmenter(run, crf={"iterations": 2})
    alone, beside = segmenter.predict(photos, probabilities=True), segmenter.stream(photos, True, crf_processes=2)
    for one, other in zip(alone, beside, strict=True):
        assert one.name == other.name and np.unique(one.labels).size > 1
        np.testing.assert_array_equal(other.labels, one.labels)
        np.testing.assert_array_equal(other.probabilities, one.probabilities)
    with pytest.raises(UserError, match="crf_processes must be at least 1, not 0"):
        next(segmenter.stream(photos, crf_processes=0))


def test_what_only_a_run_has(segmenter, run, photos):
    given = [Photo("it", np.asarray(Image.open(photos / "0.png")))]
    if segmenter.class_names is not None and isinstance(segmenter._source, TrainedSource):
        assert segmenter.trained.run == run
        ((photo, prediction),) = segmenter.predictions(given)
        assert photo is given[0]
        np.testing.assert_array_equal(prediction.labels, segmenter.predict(photo.image).labels)
        return
    with pytest.raises(UserError, match="no longer a network of Keras: open the run"):
        segmenter.trained
    with pytest.raises(UserError, match="before its rules: open the run"):
        segmenter.predictions(given)
    with pytest.raises(UserError, match="has its rules inside: open the run"):
        next(segmenter.stream(photos, crf_processes=1))


def test_rules_that_were_exported_cannot(exported):
    for source in (exported, exported / "2", "http://localhost:8501"):
        with pytest.raises(UserError, match="flip cannot be changed, it was exported with the network"):
            Segmenter(source, flip=True)


def test_the_newest_version_is_taken(exported, monkeypatch):
    monkeypatch.setattr("wsfcn_tf.segmenter.segmenter.ExportedSource", lambda folder: folder)
    assert Segmenter(exported)._source == exported / "10"


def test_what_a_network_refuses_is_named(exported):
    with pytest.raises(UserError, match=r"photo 1: the exported network refuses it: .*more than 5000 \(max_pixels\)"):
        Segmenter(exported).predict(np.zeros((80, 80, 3), np.uint8))


def test_another_saved_model(exported, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes((exported / "2" / "saved_model.pb").read_bytes())
    with pytest.raises(UserError, match="is no network that `export` wrote"):
        Segmenter(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="no such run folder"):
        Segmenter(tmp_path / "gone")


def test_a_network_computes_in_the_precision_that_is_asked_for(monkeypatch):
    networks = []
    monkeypatch.setattr("wsfcn_tf.inference.predictor.Predictor", lambda network, config: networks.append(network))
    trained = Trained(smallest_network(), ExperimentConfig(), NAMES, Path("weights"), Path("run"))
    for name in ("float32", "bfloat16"):
        source = TrainedSource(trained, InferenceConfig(precision=name))
        assert source.trained.model is trained.model
        assert source.computing.config.inference.precision == name
        assert networks.pop().head.compute_dtype == name
