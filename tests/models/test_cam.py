import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise, small_network

from wsfcn_tf import build_model
from wsfcn_tf.models import CAMClassifier
from wsfcn_tf.ops import resize_align_corners

IMAGES = noise(2, 33, 26, 3)


@pytest.fixture(scope="module")
def model():
    return small_network(head="cam")


def test_masks_are_normalised_activations(model):
    assert isinstance(model, CAMClassifier)
    outputs = model(IMAGES, training=False)
    _, high = model.backbone(IMAGES, training=False)
    kernel = np.asarray(model.classifier.kernel)[0, 0]
    np.testing.assert_allclose(outputs["scores"], np.asarray(high).mean((1, 2)) @ kernel, rtol=1e-4, atol=1e-4)
    activations = np.maximum(resize_align_corners(np.asarray(high) @ kernel, (33, 26)), 0)
    expected = activations / (1e-5 + activations.max((1, 2), keepdims=True))
    np.testing.assert_allclose(outputs["masks"][..., 1:], expected, atol=1e-4)
    np.testing.assert_allclose(outputs["masks"][..., 0], 0.1)
    assert outputs["logits"].shape == (2, 5, 4, 4)
    assert not np.any(outputs["logits"][..., 0])


def test_dropout_takes_channels_in_training_only(model):
    one, same, other = (
        model(IMAGES, training=True, seed=tf.constant(seed))["scores"] for seed in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_allclose(one, same, rtol=1e-5)
    assert np.abs(one - other).max() > 1e-3


def test_weights_and_keras_files(model, tmp_path):
    expected = model(IMAGES, training=False)["masks"]
    model.save_weights(tmp_path / "cam.weights.h5")
    keras.utils.set_random_seed(5)
    other = build_model(model.config)
    other.load_weights(tmp_path / "cam.weights.h5")
    model.save(tmp_path / "cam.keras")
    for copy in (other, keras.saving.load_model(tmp_path / "cam.keras")):
        np.testing.assert_allclose(copy(IMAGES, training=False)["masks"], expected, atol=1e-5)
