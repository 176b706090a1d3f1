"""From a run to a served network: export, serve-bundle, and what a client gets beside what `predict` gives here."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from loopback.batching import Batcher
from loopback.grpc_end import serve_grpc
from loopback.model import Models
from loopback.rest import serve_rest
from networks import gentle, small_network
from PIL import Image
from tiny import NAMES, TinyNetwork

from wsfcn_tf.__main__ import main
from wsfcn_tf.config import ExperimentConfig, InferenceConfig, ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import Refused
from wsfcn_tf.weights.trained import Trained


@pytest.fixture(scope="module", params=["tiny", pytest.param("small", marks=pytest.mark.slow)])
def run(request, tmp_path_factory):
    """A run's folder: with drawn weights of all layers, which take a minute to trace, or of one convolution."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    inference = InferenceConfig(background_value=0.3)
    if request.param == "small":
        network = gentle(small_network())
        network.save_weights(folder.weights)
        folder.create(ExperimentConfig(model=network.config, inference=inference), NAMES)
        yield folder.root
        return
    config = ExperimentConfig(inference=inference)
    folder.create(config, NAMES)
    folder.record.write_text('{"starts": []}\n')
    folder.weights.write_bytes(b"not read, but predict notes its checksum")
    trained = Trained(TinyNetwork(), config, NAMES, folder.weights, folder.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wsfcn_tf.weights.trained.load_trained", lambda path: trained)
        yield folder.root


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    """The two commands."""
    root = tmp_path_factory.mktemp("models")
    assert main(["export", str(run), "--output", str(root / "mine" / "1"), "--max-pixels", "200000"]) == 0
    assert main(["serve-bundle", str(root / "mine"), "--output", str(root / "bundle"), "--warmup", "1"]) == 0
    return root / "bundle"


def test_the_training_is_told_beside_the_graph(run, bundle):
    extra = bundle / "models" / "mine" / "1" / "assets.extra"
    for name in ("config.yaml", "classes.txt", "record.json"):
        told = (run / name).read_text() if (run / name).exists() else None
        assert told == ((extra / name).read_text() if (extra / name).exists() else None)


@pytest.fixture(scope="module")
def models(bundle):
    return Models(bundle / "models" / "mine", "mine", {"stable": 1}, Batcher(8, 0.0))


@pytest.fixture(scope="module", params=[serve_rest, serve_grpc])
def url(request, models):
    with request.param(models) as url:
        yield f"{url}/v1/models/mine/labels/stable"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """PNGs, which every decoder agrees on, of different sizes; one of them greyscale."""
    folder = tmp_path_factory.mktemp("photos")
    scenes = Scenes(ScenesConfig(train=4, size=48))
    for index, name in enumerate(scenes.names("train")):
        picture = Image.fromarray(scenes.image(name)[: 48 - 5 * index])
        (picture.convert("L") if index == 3 else picture).save(folder / f"{name}.png")
    return folder


def test_predict_gives_the_same_by_a_server_and_by_weights(run, url, photos, tmp_path, capsys):
    arguments = {"here": ["--weights", str(run)], "there": ["--server", url]}
    printed = {}
    for name, source in arguments.items():
        assert main(["predict", *source, "--output", str(tmp_path / name), str(photos)]) == 0
        printed[name] = capsys.readouterr().out.replace(str(tmp_path / name), "")
    assert printed["here"] == printed["there"]
    masks = sorted((tmp_path / "here").glob("*.png"))
    assert len(masks) == 4
    for mask in masks:
        with Image.open(mask) as here, Image.open(tmp_path / "there" / mask.name) as there:
            assert (np.asarray(here) == np.asarray(there)).mean() > 0.999  # an arg max may be a tie but for rounding


def test_photos_and_arrays_agree(url, photos):
    images = np.stack([Scenes(ScenesConfig(train=4, size=48)).image(f"train_000{i}") for i in range(3)])
    with Client(url) as client:
        sent = client.predict(images)
        as_array = client.predict_array(images)
        masks, scores = client.probabilities(images)
        signatures = client.signatures()
    for i, (photo, array) in enumerate(zip(sent, as_array, strict=True)):
        assert (photo.labels == array.labels).mean() > 0.999
        assert (photo.labels == masks[i].argmax(-1)).mean() > 0.999
        np.testing.assert_allclose(photo.scores, array.scores, atol=1e-5)
        np.testing.assert_allclose(photo.scores, scores[i], atol=1e-5)
        found = {NAMES[label - 1] for label in np.unique(photo.labels) if label}
        assert {name for name in photo.class_names if name} == found
    assert set(signatures) == {"serving_default", "predict_array", "probabilities"}


def test_a_photo_beyond_the_exports_limits_is_refused_and_others_are_not(url):
    small, large = np.zeros((40, 40, 3), np.uint8), np.zeros((500, 500, 3), np.uint8)
    with Client(url) as client:
        with pytest.raises(Refused, match=r"^photo 2: .*pixel"):
            client.predict([small, large, small])
        with pytest.raises(Refused, match="pixel"):
            client.predict_array(large[None])
        assert len(client.predict_array(np.zeros((7, 200, 200, 3), np.uint8))) == 7  # 280,000 pixels in one request


def test_a_warm_up_beyond_the_exports_limits(run, tmp_path, capsys):
    output = tmp_path / "mine" / "1"
    assert main(["export", str(run), "--output", str(output), "--max-pixels", "10000"]) == 0
    assert main(["serve-bundle", str(tmp_path / "mine"), "--output", str(tmp_path / "bundle")]) == 2
    assert "1: fails at a warm-up request, of scenes of up to 384 pixels a side: " in capsys.readouterr().err
    assert not (tmp_path / "bundle").exists()


def test_a_photo_that_cannot_be_decoded_is_named_by_its_file(url, photos, tmp_path):
    """Its header is a photo's, so that the client sends it."""
    data = bytearray((photos / "train_0001.png").read_bytes())
    place = data.index(b"IDAT") + 6
    data[place : place + 14] = bytes([255] * 14)
    (tmp_path / "broken.png").write_bytes(data)
    good = sorted(photos.iterdir())
    with Client(url) as client:
        with pytest.raises(Refused, match=rf"^{tmp_path}/broken.png: {url}: its PNG data are broken"):
            client.predict([*good[:2], tmp_path / "broken.png", *good[2:]])
        assert len(client.predict(good)) == 4


@pytest.mark.slow
def test_saved_model_cli_runs_it(bundle, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (2, 24, 32, 3), np.uint8)
    np.save(tmp_path / "images.npy", images)
    folder = bundle / "models" / "mine" / "1"
    words = ["run", "--dir", folder, "--tag_set", "serve", "--signature_def", "predict_array"]
    words += ["--inputs", f"images={tmp_path / 'images.npy'}", "--outdir", tmp_path / "out"]
    cli = Path(sys.executable).with_name("saved_model_cli")
    subprocess.run([str(word) for word in (cli, *words)], check=True, capture_output=True)
    outputs = tf.saved_model.load(str(folder)).signatures["predict_array"](images=tf.constant(images))
    for name, value in outputs.items():
        np.testing.assert_allclose(np.load(tmp_path / "out" / f"{name}.npy"), value, atol=1e-5)
