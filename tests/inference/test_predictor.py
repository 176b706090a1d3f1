import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.inference import predictor as predictor_module
from wsfcn_tf.inference.background import apply_rules, sigmoid
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.ops.normalise import normalise


class FakeNetwork(keras.Model):
    """Two classes whose masks are the colour channels; counts how often it is traced."""

    def __init__(self):
        super().__init__()
        self.convolution = keras.layers.Conv2D(
            3, 1, use_bias=False, kernel_initializer=tf.constant_initializer(np.eye(3))
        )
        self.traces = 0

    def call(self, images, training=None):
        assert training is False
        self.traces += 1
        masks = tf.nn.softmax(self.convolution(images))
        return {"masks": masks, "scores": tf.reduce_mean(images, axis=(1, 2))[:, 1:]}


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_prediction_follows_the_rules():
    config = InferenceConfig(background="power", background_value=2.0, presence_threshold=0.5)
    image = photo(5, 8)
    prediction = Predictor(FakeNetwork(), config)(image)

    pixels = np.asarray(normalise(tf.constant(image, tf.float32) / 255.0))
    softmax = np.exp(pixels) / np.exp(pixels).sum(-1, keepdims=True)
    scores = pixels.mean((0, 1))[1:]
    expected = apply_rules(softmax, scores, config)
    np.testing.assert_allclose(prediction.masks, expected, atol=1e-6)
    np.testing.assert_allclose(prediction.raw_masks, softmax, atol=1e-6)
    assert prediction.unrefined is None
    np.testing.assert_allclose(prediction.scores, sigmoid(scores), atol=1e-6)
    np.testing.assert_array_equal(prediction.labels, prediction.masks.argmax(-1))
    assert (prediction.labels.dtype, prediction.masks.dtype, prediction.scores.dtype) == ("uint8", "float32", "float32")


def test_new_sizes_do_not_trace_again():
    network = FakeNetwork()
    network(tf.zeros([1, 4, 4, 3]), training=False)
    predictor = Predictor(network, InferenceConfig())
    predictor(photo(6, 6))
    traced = network.traces
    for size in [(7, 9), (1, 1), (13, 4)]:
        assert predictor(photo(*size)).labels.shape == size
    assert network.traces == traced


# === Several views ===

AS_IT_IS = {"background": "none", "presence_threshold": 0.0}


class Lopsided(keras.Model):
    """A network that favours the second class on the right."""

    def call(self, images, training=None):
        shape = tf.shape(images)
        ramp = tf.linspace(0.0, 1.0, shape[2])[None, None, :, None] * tf.constant([0.0, 0.0, 1.0])
        masks = tf.nn.softmax(images + ramp)
        return {"masks": masks, "scores": tf.reduce_max(masks, axis=(1, 2))[:, 1:]}


def predict(image, **settings):
    return Predictor(Lopsided(), InferenceConfig(**AS_IT_IS, **settings))(image)


def test_another_scale_is_resized_there_and_back():
    image = photo(9, 13)
    prediction = predict(image, scales=(0.5,))
    small = np.asarray(Image.fromarray(image).resize((6, 4), Image.Resampling.BICUBIC))  # round(6.5), round(4.5): even
    outputs = Lopsided()(normalise(tf.constant(small[None], tf.float32) / 255.0), training=False)
    expected = tf.image.resize(outputs["masks"], (9, 13), method="bilinear")[0]
    np.testing.assert_allclose(prediction.masks, expected, atol=1e-6)
    np.testing.assert_allclose(prediction.scores, sigmoid(outputs["scores"].numpy()[0]), atol=1e-6)


def test_masks_are_averaged_and_the_best_score_counts():
    image = photo(9, 13)
    both = predict(image, scales=(1.0, 2.0))
    one, other = (predict(image, scales=(scale,)) for scale in (1.0, 2.0))
    np.testing.assert_allclose(both.masks, (one.masks + other.masks) / 2, atol=1e-6)
    np.testing.assert_array_equal(both.scores, np.maximum(one.scores, other.scores))
    assert (one.scores != other.scores).any()


def test_with_flips_a_mirrored_photo_has_the_mirrored_prediction():
    image = photo(9, 13)
    for flip in (False, True):
        straight, mirrored = (predict(view, scales=(1.0, 1.5), flip=flip) for view in (image, image[:, ::-1]))
        same = np.abs(straight.masks - mirrored.masks[:, ::-1]).max() < 1e-5
        assert same == flip


def test_presence_is_judged_by_the_best_view():
    image = photo(9, 13)
    scores = [predict(image, scales=(scale,)).scores for scale in (1.0, 2.0)]
    threshold = float((np.min(scores) + np.max(scores)) / 2)
    settings = InferenceConfig(scales=(1.0, 2.0), background="none", presence_threshold=threshold)
    prediction = Predictor(Lopsided(), settings)(image)
    np.testing.assert_array_equal(prediction.masks[..., 1:].any(axis=(0, 1)), np.max(scores, axis=0) > threshold)


# === CRF ===


@pytest.mark.parametrize("power", [0.0, 5.0])
def test_the_crf_gets_the_masks_by_the_rules_and_a_background_of_its_own(power, monkeypatch):
    given = []

    def crf(image, masks, config):
        given.append((image, masks.copy()))
        return masks[..., ::-1]

    monkeypatch.setattr(predictor_module, "dense_crf", crf)
    image, settings = photo(5, 8), CRFConfig(iterations=2, background_power=power)
    prediction = predict(image, crf=settings)
    plain = predict(image)
    expected = plain.masks.copy()
    if power:
        expected[..., 0] = (1 - plain.masks[..., 1:].max(axis=-1)) ** power
    ((seen, masks),) = given
    np.testing.assert_array_equal(seen, image)
    np.testing.assert_allclose(masks, expected, atol=1e-6)
    np.testing.assert_array_equal(prediction.labels, masks[..., ::-1].argmax(axis=-1))
    np.testing.assert_array_equal(prediction.unrefined, plain.labels)
