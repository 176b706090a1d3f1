"""Runs on KerasHub's backbones: trained, killed, resumed without the preset, loaded, saved and exported."""

import io
import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest
from hub_presets import needs_keras_hub, write_preset
from networks import noise
from PIL import Image
from serving.alone import answers_alone
from short_runs import SCENES, train, with_training

from wsfcn_tf import ModelConfig, Segmenter
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.serving.export import export
from wsfcn_tf.serving.graph.segmenter import ExportConfig
from wsfcn_tf.training.experiment import resolve
from wsfcn_tf.weights.trained import load_trained

KINDS = {
    "resnet": {"freeze_backbone": True},
    "efficientnet": {"from_scratch": True, "output_stride": 16},
    "vit": {"lora_rank": 2},
    "dinov2": {"low_stride": 8},
}


def config_of(preset, **model):
    config = with_training(keep_checkpoints=2, panels=0)
    own = {"backbone": "keras_hub", "preset": str(preset), "from_scratch": False, **model}
    return replace(config, model=replace(config.model, **own))


class Trained:
    """A run, and one that is its copy as it was after the first epoch; the preset is gone since."""

    def __init__(self, name, folder):
        preset = folder / "preset"
        self.network, self.name = write_preset(name, preset), name
        self.config = config_of(preset, **KINDS[name])
        self.run, self.killed = RunFolder(folder / "run"), RunFolder(folder / "killed")
        self.model = train(self.config, SCENES, self.run)
        shutil.copytree(self.run.root, self.killed.root)
        shutil.rmtree(self.killed.checkpoint(2))
        self.killed.weights.unlink()
        shutil.rmtree(preset)


IN_SECONDS = ("vit",)  # the others take as long again, each


@pytest.fixture(
    scope="module",
    params=[kind if kind in IN_SECONDS else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS],
)
def trained(request, tmp_path_factory):
    if not needs_keras_hub.args[0]:
        return Trained(request.param, tmp_path_factory.mktemp(request.param))
    return pytest.skip(needs_keras_hub.kwargs["reason"])


def assert_same_weights(one, other):
    for first, second in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(first, second, err_msg=first.path)


def test_what_is_trained(trained):
    lora = [weight for weight in trained.model.backbone.network.weights if weight.name.startswith("lora_kernel")]
    ours = [weight for weight in trained.model.backbone.network.weights if not weight.name.startswith("lora_kernel")]
    pairs = zip(ours, trained.network.weights, strict=True)
    moved = [one.path for one, other in pairs if (np.asarray(one) != np.asarray(other)).any()]
    assert bool(moved) == (trained.name in ("efficientnet", "dinov2"))
    assert bool(lora) == (trained.name == "vit")
    assert all(np.asarray(weight).any() for weight in lora)  # one factor of each begins as zeros


def test_resuming_continues_exactly_and_without_the_preset(trained):
    resumed = train(trained.config, SCENES, trained.killed, resume=True)
    assert_same_weights(resumed, trained.model)
    assert trained.killed.history.read_bytes() == trained.run.history.read_bytes()


def test_a_run_is_loaded_and_saved_as_keras_does(trained, tmp_path):
    loaded = load_trained(trained.run.root).model
    assert_same_weights(loaded, trained.model)
    loaded.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    assert_same_weights(again, trained.model)
    images = noise(2, 36, 50, 3)
    for name, value in loaded(images).items():
        np.testing.assert_array_equal(again(images)[name], value)


@pytest.mark.slow  # another process with a TensorFlow of its own
def test_an_export_needs_tensorflow_alone(trained, tmp_path):
    found = load_trained(trained.run.root)
    export(found, ExportConfig(), tmp_path / "exported")
    photos = np.stack([SCENES.image(name) for name in SCENES.names("train")[:2]])
    encoded = io.BytesIO()
    Image.fromarray(photos[0]).save(encoded, "PNG")
    answers = answers_alone({"it": tmp_path / "exported"}, photos, [encoded.getvalue()], tmp_path)["it"]
    segmenter = Segmenter(trained.run.root)
    for photo, labels, masks in zip(photos, answers["labels"], answers["masks"], strict=True):
        expected = segmenter.predict(photo, probabilities=True)
        np.testing.assert_allclose(masks, expected.probabilities, atol=1e-4)
        assert (labels == expected.labels).mean() > 0.99


HUB = ModelConfig(backbone="keras_hub", preset="dinov2_small")


@pytest.mark.parametrize(("network", "refused"), [("ViTBackbone", True), ("ResNetBackbone", False)])
def test_xla_has_no_bicubic_interpolation(network, refused, tmp_path):
    described = json.dumps({"backbone": {"class_name": network}, "scale": [], "offset": []})
    config = replace(with_training(xla=True), model=replace(HUB, preset_config=described))
    if not refused:
        assert resolve(config, SCENES, RunFolder(tmp_path)).model.preset_config == described
        return
    with pytest.raises(UserError, match=r"^training\.xla: XLA cannot interpolate the position .* dinov2_small"):
        resolve(config, SCENES, RunFolder(tmp_path))
