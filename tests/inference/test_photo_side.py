"""`inference.photo_side`: photos from cameras are looked at in the size that training showed photos in."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.config import CRFConfig, DataConfig, InferenceConfig
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import Photo, with_crf_processes
from wsfcn_tf.inference.views import SizeWatch, in_own_size, labels_at, looked_at, masks_at, scaled
from wsfcn_tf.ops import resize_half_pixel

RULES = {"background": "none", "presence_threshold": 0.0}
CRF = CRFConfig(iterations=2, background_power=0)


def network(images, training):
    """Masks of the colours; scores of how many pixels are seen."""
    assert not training
    scores = tf.fill([tf.shape(images)[0], 2], tf.cast(tf.shape(images)[2], tf.float32) / 100)
    return {"masks": tf.nn.softmax(images), "scores": scores}


def photo(height, width, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(16, 120))
def test_the_longer_side_is_at_most_so_many_pixels_and_at_least_half(height, width, side):
    seen = looked_at(np.zeros((height, width, 3), np.uint8), side)
    longer = max(height, width)
    expected = side if longer > side else max(longer, side / 2)
    assert max(seen.shape[:2]) == round(expected)
    assert abs(min(seen.shape[:2]) - max(1, min(height, width) * expected / longer)) <= 0.5


@settings(max_examples=30)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 60), st.integers(1, 60))
def test_labels_are_the_arg_max_of_enlarged_masks(height, width, new_height, new_width):
    masks = np.random.default_rng(height).random((height, width, 4), np.float32)
    masks[..., 2] = 0  # a class that is not there
    size = (new_height, new_width)
    expected = resize_half_pixel(masks[None], size)[0].numpy()
    np.testing.assert_allclose(masks_at(masks, size), expected, atol=1e-5)
    np.testing.assert_array_equal(labels_at(masks, size), masks_at(masks, size).argmax(axis=-1))


def test_a_large_photo_is_what_its_small_copy_is_and_its_labels_are_enlarged():
    image = photo(90, 130)
    found = Predictor(network, InferenceConfig(**RULES, photo_side=65))(image)
    small = Predictor(network, InferenceConfig(**RULES))(looked_at(image, 65))
    assert small.labels.shape == (45, 65) and found.labels.shape == (90, 130)
    np.testing.assert_array_equal(found.masks, small.masks)
    np.testing.assert_array_equal(found.raw_masks, small.raw_masks)
    np.testing.assert_array_equal(found.scores, small.scores)
    np.testing.assert_array_equal(found.labels, masks_at(small.masks, (90, 130)).argmax(axis=-1))


def test_a_tiny_photo_is_looked_at_enlarged():
    image = photo(20, 26)
    found = Predictor(network, InferenceConfig(**RULES, photo_side=104))(image)
    large = Predictor(network, InferenceConfig(**RULES))(scaled(image, 2.0))
    np.testing.assert_array_equal(found.masks, large.masks)
    assert found.masks.shape[:2] == (40, 52) and found.labels.shape == (20, 26)
    np.testing.assert_array_equal(found.labels, masks_at(large.masks, (20, 26)).argmax(axis=-1))


def test_views_are_taken_from_the_photo_itself():
    """A view at 1.5 shows what a shrunk photo has lost."""
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    found = Predictor(network, InferenceConfig(**RULES, photo_side=40, scales=(1.5,)))(image)
    view = Predictor(network, InferenceConfig(**RULES))(scaled(image, 0.75))
    assert view.masks.shape[:2] == (45, 60) and found.masks.shape[:2] == (30, 40)
    np.testing.assert_allclose(found.masks, resize_half_pixel(view.masks[None], (30, 40))[0], atol=1e-6)
    np.testing.assert_array_equal(found.scores, view.scores)


@pytest.mark.parametrize("size", [(40, 60), (64, 64), (1, 32)])
def test_a_photo_of_such_a_size_is_looked_at_as_it_is(size):
    image = photo(*size)
    found, plain = (Predictor(network, InferenceConfig(**RULES, photo_side=side))(image) for side in (64, None))
    np.testing.assert_array_equal(found.masks, plain.masks)
    np.testing.assert_array_equal(found.labels, plain.labels)


@pytest.mark.parametrize("cues", [{}, {"saliency": 5.0, "grab_cut": 2}])
def test_cues_and_crf_see_the_small_photo_in_turn_and_in_processes(cues):
    config = InferenceConfig(**RULES, **cues, photo_side=50, crf=CRF)
    photos = [Photo(str(i), photo(70 + i, 100, seed=i)) for i in range(3)]
    predictor = Predictor(network, config)
    for (name, image, *_), (_, found) in zip(photos, with_crf_processes(predictor, 2)(iter(photos)), strict=True):
        alone = predictor(image)
        small = Predictor(network, InferenceConfig(**RULES, **cues, crf=CRF))(looked_at(image, 50))
        for prediction in (alone, found):
            np.testing.assert_array_equal(prediction.masks, small.masks, name)
            np.testing.assert_array_equal(prediction.labels, labels_at(small.masks, image.shape[:2]))
            assert prediction.unrefined.shape == image.shape[:2]
            assert set(np.unique(prediction.unrefined)) <= set(np.unique(small.unrefined))


def test_labels_before_a_crf_are_enlarged_pixel_by_pixel():
    labels = np.uint8([[0, 2], [1, 0]])
    prediction = Prediction(labels, np.zeros(2), np.eye(3, dtype=np.float32)[labels], unrefined=labels)
    np.testing.assert_array_equal(in_own_size(prediction, (4, 4)).unrefined, np.kron(labels, np.ones((2, 2), np.uint8)))
    assert in_own_size(prediction, (2, 2)) is prediction


# === Photos that are much larger than training showed any ===


@pytest.mark.parametrize(
    ("size", "settings", "ratio"),
    [
        ((3024, 4032), {}, "12.3"),
        ((600, 700), {}, "2.1"),
        ((480, 640), {}, None),
        ((3024, 4032), {"photo_side": 384}, None),
        ((3024, 4032), {"photo_side": 1000}, "3.0"),
        ((1, 900), {"photo_side": 384}, None),
        ((600, 700), {"scales": (0.5,)}, None),
        ((64, 64), {}, "0.20"),
        ((64, 64), {"scales": (1.0, 2.0)}, None),
        ((64, 64), {"photo_side": 384}, None),
        ((100, 150), {}, None),
    ],
)
def test_tells_of_photos_that_are_looked_at_too_large_or_too_small(size, settings, ratio):
    lines = []
    watch = SizeWatch(DataConfig(crop_size=224, crop_area=(0.4, 1.0)), InferenceConfig(**settings), lines.append)
    watch.see("usual.jpg", np.zeros((200, 300, 3), np.uint8))
    for name in ("a.jpg", "b.jpg"):
        watch.see(name, np.broadcast_to(np.uint8(0), (*size, 3)))
    height, width = size
    line = (
        f"a.jpg: is {width}x{height} and looked at {ratio} times as large as crops of training showed photos, and the "
        "network knows things at the size that they had there: inference.photo_side=384 looks at it so"
    )
    assert lines == ([] if ratio is None else [line])
