from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, small_network
from PIL import Image

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.data.photos.saliency import saliency
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.crf import dense_crf
from wsfcn_tf.inference.photo_cues import grab_cut
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.rules import apply_rules, sigmoid
from wsfcn_tf.inference.views import starts
from wsfcn_tf.ops import with_saliency
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
    expected = apply_rules(softmax, sigmoid(scores) > 0.5, config)
    np.testing.assert_allclose(prediction.masks, expected, atol=1e-6)
    np.testing.assert_allclose(prediction.raw_masks, softmax, atol=1e-6)
    assert prediction.unrefined is None
    np.testing.assert_allclose(prediction.scores, sigmoid(scores), atol=1e-6)
    np.testing.assert_array_equal(prediction.labels, prediction.masks.argmax(-1))
    assert (prediction.labels.dtype, prediction.masks.dtype, prediction.scores.dtype) == ("uint8", "float32", "float32")


def test_saliency_comes_behind_the_rules_and_before_the_crf():
    image = photo(20, 30)
    image[6:14, 8:20] = (250, 20, 20)
    rules = InferenceConfig(background="none", presence_threshold=0.5)
    plain = Predictor(FakeNetwork(), rules)(image)
    config = InferenceConfig(background="none", presence_threshold=0.5, saliency=6.0)
    found = Predictor(FakeNetwork(), config)(image)
    np.testing.assert_allclose(found.masks, with_saliency(plain.masks, saliency(image)[..., None], 6.0), atol=1e-6)
    np.testing.assert_array_equal(found.labels, found.masks.argmax(-1))
    np.testing.assert_array_equal(found.raw_masks, plain.raw_masks)
    assert found.unrefined is None and (found.labels != plain.labels).any()

    crf = CRFConfig(iterations=2, background_power=0)
    refined = Predictor(FakeNetwork(), InferenceConfig(**{**vars(config), "crf": crf}))(image)
    np.testing.assert_array_equal(refined.unrefined, found.labels)


@pytest.mark.parametrize("shown", [1, 2])
def test_cues_or_a_crf_by_how_many_classes_are_shown(shown):
    image = photo(20, 30)
    image[6:14, 8:20] = (250, 20, 20)
    if shown == 1:
        image[..., 2] //= 4  # too little blue for the second class
    rules = {"background": "none", "presence_threshold": 0.4}
    cues, crf = {"saliency": 6.0}, {"crf": CRFConfig(iterations=2, background_power=0)}
    found = Predictor(FakeNetwork(), InferenceConfig(**rules, **cues, **crf, photo_cues="one_class"))(image)
    expected = Predictor(FakeNetwork(), InferenceConfig(**rules, **(cues if shown == 1 else crf)))(image)
    np.testing.assert_array_equal(found.masks, expected.masks)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert (found.unrefined is None) == (shown == 1)


def test_grab_cut_comes_behind_saliency():
    image = photo(20, 30)
    image[6:14, 8:20] = (250, 20, 20)
    config = InferenceConfig(background="none", presence_threshold=0.5, saliency=6.0)
    found = Predictor(FakeNetwork(), config)(image)
    cut = Predictor(FakeNetwork(), replace(config, grab_cut=2))(image)
    np.testing.assert_array_equal(cut.masks, grab_cut(image, found.masks, 2))
    np.testing.assert_array_equal(cut.labels, cut.masks.argmax(-1))


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


# === Pads ===


class Averaging(keras.Model):
    """A network that sees the whole image in every pixel, and each pixel too."""

    def call(self, images, training=None):
        masks = tf.nn.softmax(images + 9 * tf.reduce_mean(images, axis=(1, 2), keepdims=True))
        return {"masks": masks, "scores": 50 * tf.reduce_mean(images, axis=(1, 2))[:, 1:]}


@pytest.mark.parametrize("flip", [False, True])
def test_release_pads_with_zeros_all_around_after_normalising(flip):
    image = photo(5, 8)
    config = InferenceConfig(**AS_IT_IS, pad="release", pad_side=20, flip=flip)
    prediction = Predictor(Averaging(), config)(image)
    pixels = np.asarray(normalise(tf.constant(image, tf.float32) / 255.0))
    mean = pixels.sum(axis=(0, 1)) / 20**2
    expected = tf.nn.softmax(pixels + 9 * mean).numpy()
    np.testing.assert_allclose(prediction.masks, expected, atol=1e-5)
    np.testing.assert_allclose(prediction.scores, sigmoid(50 * mean[1:]), atol=1e-5)


def test_release_puts_the_photo_in_the_middle(monkeypatch):
    padded = []

    def network(images, training):
        padded.append(images)
        return {"masks": images, "scores": images[:, 0, 0, 1:]}

    config = InferenceConfig(**AS_IT_IS, pad="release", pad_side=20)
    monkeypatch.setattr(tf, "function", lambda function=None, **_: function or (lambda f: f))  # to see the values
    Predictor(network, config)(photo(5, 8))
    rows, columns = (np.flatnonzero(np.any(padded[0][0], axis=axes)) for axes in ((1, 2), (0, 2)))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (7, 11, 6, 13)  # as the release: half the rest, rounded down


def test_a_view_larger_than_the_pad_is_an_error():
    config = InferenceConfig(pad="release", pad_side=20, scales=(1.0, 2.0))
    Predictor(FakeNetwork(), InferenceConfig(pad="release", pad_side=22, scales=(1.0, 2.0)))(photo(11, 9))
    with pytest.raises(UserError, match=r"^a view of it is 18x22 and does not fit into inference\.pad_side 20: take"):
        Predictor(FakeNetwork(), config)(photo(11, 9))


def test_cues_by_tags_are_for_training_to_decide():
    with pytest.raises(UserError, match=r"^inference\.photo_cues: tags is for training"):
        Predictor(FakeNetwork(), InferenceConfig(photo_cues="tags"))


# === Tiles ===


class Blurring(keras.Model):
    """A network whose pixels depend on others up to 8 away, and on nothing else."""

    def call(self, images, training=None):
        masks = tf.nn.softmax(4 * tf.nn.avg_pool2d(images, 17, 1, "SAME"))
        return {"masks": masks, "scores": tf.reduce_max(images, axis=(1, 2))[:, 1:]}


def test_tiles_leave_no_trace_of_themselves():
    image = photo(100, 230)
    whole, tiled = (
        Predictor(Blurring(), InferenceConfig(**AS_IT_IS, tile_side=side, tile_overlap=0.5, flip=True))(image)
        for side in (None, 64)
    )
    np.testing.assert_allclose(tiled.masks, whole.masks, atol=1e-5)
    np.testing.assert_array_equal(tiled.scores, whole.scores)


def test_the_sliding_window_sees_parts_and_counts_as_a_view():
    image, shapes = photo(50, 115), set()

    class Watched(Blurring):
        def call(self, images, training=None):
            tf.py_function(lambda shape: shapes.add(tuple(shape.numpy()[1:3])), [tf.shape(images)], [])
            return super().call(images)

    settings = {"window_scales": (1.0, 2.0), "window_side": 64, "tile_overlap": 0.5}
    found = Predictor(Watched(), InferenceConfig(**AS_IT_IS, **settings, flip=True))(image)
    assert shapes == {(50, 115), (50, 64), (64, 64)}
    # nothing of this network reaches further than windows share: as if it saw all of each view
    one, two = (Predictor(Blurring(), InferenceConfig(**AS_IT_IS, scales=(scale,), flip=True)) for scale in (1.0, 2.0))
    np.testing.assert_allclose(found.masks, (2 * one(image).masks + two(image).masks) / 3, atol=1e-5)


def test_what_the_sliding_window_sees_is_no_evidence_of_presence():
    image = photo(40, 70)
    alone, windowed = (
        Predictor(Averaging(), InferenceConfig(**AS_IT_IS, window_scales=scales, window_side=16))(image)
        for scales in ((), (1.0,))
    )
    np.testing.assert_array_equal(windowed.scores, alone.scores)
    assert np.abs(windowed.masks - alone.masks).max() > 0.01


def test_seams_of_a_real_network_are_no_steeper_than_the_rest():
    """Whole-image pools make tiles differ; blending spreads that over the overlap."""
    image = cv2.resize(photo(12, 40), (300, 90), interpolation=cv2.INTER_CUBIC)
    settings = InferenceConfig(background="none", tile_side=128, tile_overlap=0.5)
    masks = Predictor(gentle(small_network()), settings)(image).raw_masks
    steps = np.abs(np.diff(masks, axis=1)).max(axis=(0, 2))
    columns = np.arange(len(steps))
    blended = np.zeros(len(steps), bool)
    for start in starts(300, 128, 64)[1:]:
        blended |= (columns >= start) & (columns < start + 64)
    assert blended.any() and (~blended).any()
    assert steps[blended].max() < 2 * steps[~blended].max()


# === CRF ===


@pytest.mark.parametrize("power", [0.0, 5.0])
def test_the_crf_gets_the_masks_by_the_rules_and_a_background_of_its_own(power):
    image, settings = photo(5, 8), CRFConfig(iterations=2, background_power=power)
    prediction, plain = predict(image, crf=settings), predict(image)
    given = plain.masks.copy()
    if power:
        given[..., 0] = (1 - plain.masks[..., 1:].max(axis=-1)) ** power
    expected = dense_crf(image, given, settings)
    np.testing.assert_array_equal(prediction.masks, expected)
    np.testing.assert_array_equal(prediction.labels, expected.argmax(axis=-1))
    np.testing.assert_array_equal(prediction.unrefined, plain.labels)
