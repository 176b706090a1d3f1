"""`inference.photo_side` inside the exported graph, against `Predictor`, on a network of one convolution."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny import NAMES, TinyNetwork

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.views import looked_at, masks_at
from wsfcn_tf.ops import pamr
from wsfcn_tf.serving.graph.segmenter import ExportConfig, Segmenter

SIZES = ((80, 120), (121, 47), (30, 40), (1, 90), (9, 7))
CONFIG = InferenceConfig(background_value=0.3, presence_threshold=0.0, photo_side=40)


def photo(height, width, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, flip=True),
        replace(CONFIG, scales=(1.0, 1.5), window_scales=(2.0,), window_side=32),
    ],
    ids=["flips", "scales and window"],
)
def test_large_photos_are_looked_at_as_predict_does(config):
    segmenter, predict = Segmenter(TinyNetwork(), NAMES, ExportConfig(config)), Predictor(TinyNetwork(), config)
    found = set()
    for size in SIZES:
        image = photo(*size)
        expected = predict(image)
        answer = segmenter.probabilities(image[None])
        np.testing.assert_allclose(answer["scores"][0], expected.scores, atol=0.01)
        # views differ by one level where Pillow's rounding is a tie
        assert abs(answer["masks"][0].numpy() - masks_at(expected.masks, size)).max() < 0.02
        labels = segmenter.predict_array(image[None])["labels"][0].numpy()
        assert labels.shape == size and (labels == expected.labels).mean() > 0.99
        encoded = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        mask = segmenter.segment_photos(tf.constant([encoded]))["mask_bytes"][0].numpy()
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(mask))), labels)
        found |= set(np.unique(labels))
    assert len(found) > 1


def test_views_are_taken_from_the_photo_itself():
    """A view at 1.5 shows what a photo of half the size has lost: with noise, masks of the two are far apart."""
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    config = replace(CONFIG, scales=(1.5,))
    segmenter = Segmenter(TinyNetwork(), NAMES, ExportConfig(config))
    answer = segmenter.probabilities(image[None])["masks"][0].numpy()
    expected = masks_at(Predictor(TinyNetwork(), config)(image).masks, (60, 80))
    assert abs(answer - expected).max() < 0.02
    of_small = masks_at(Predictor(TinyNetwork(), config)(looked_at(image, 40)).masks, (60, 80))
    assert abs(of_small - expected).max() > 0.05


def test_what_is_looked_at_in_one_piece_is_limited(monkeypatch):
    """Not by the photos' pixels: one may become many."""
    monkeypatch.setattr("wsfcn_tf.serving.graph.segmenter.LOOKED_AT", 3 * 20 * 20)
    segmenter = Segmenter(TinyNetwork(), NAMES, ExportConfig(CONFIG))
    assert segmenter.predict_array(np.zeros((3, 1, 1, 3), np.uint8))["labels"].shape == (3, 1, 1)
    for images in (np.zeros((4, 1, 1, 3), np.uint8), np.zeros((1, 200, 200, 3), np.uint8)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"x (20|40) pixels, as inference\.photo_side has it"):
            segmenter.predict_array(images)


def test_pamr_sees_the_small_photo():
    segmenter = Segmenter(TinyNetwork(), NAMES, ExportConfig(CONFIG, refine="pamr"))
    image = photo(80, 120)
    masks = Predictor(TinyNetwork(), CONFIG)(image).masks
    expected = pamr(tf.constant(looked_at(image, 40)[None], tf.float32) / 255.0, tf.constant(masks[None]))[0].numpy()
    found = segmenter.probabilities(image[None])["masks"][0].numpy()
    assert found.shape == (80, 120, 1 + len(NAMES))
    assert abs(found - masks_at(expected, (80, 120))).max() < 0.02
    assert abs(expected - masks).max() > 0.02


def test_an_inner_size_takes_its_place():
    image = photo(80, 120)
    with_side, without = (
        Segmenter(TinyNetwork(), NAMES, ExportConfig(replace(CONFIG, photo_side=side), (48, 64))) for side in (40, None)
    )
    for signature in ("probabilities", "predict_array"):
        found, expected = (getattr(segmenter, signature)(image[None]) for segmenter in (with_side, without))
        for name in found:
            np.testing.assert_array_equal(found[name], expected[name])
