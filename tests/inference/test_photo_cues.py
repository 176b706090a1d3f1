from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.photo_cues import (
    by_tags,
    classes_shown,
    decided_by_tags,
    grab_cut,
    uses_photo_cues,
    with_photo_cues,
)
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.rules import to_labels


def scene():
    """A red block on green grass, and masks of two classes that see the middle of the block and are unsure around."""
    rng = np.random.default_rng(0)
    image = np.full((60, 80, 3), (60, 140, 60), np.int64)
    image[15:45, 20:60] = (200, 40, 40)
    image = np.clip(image + rng.integers(-10, 11, image.shape), 0, 255).astype(np.uint8)
    masks = np.zeros((60, 80, 3), np.float32)
    masks[..., 0] = 1
    masks[10:50, 15:65] = (0.6, 0.3, 0.1)
    masks[22:38, 30:50] = (0.1, 0.6, 0.3)
    return image, masks


def test_the_border_goes_where_colours_change():
    image, masks = scene()
    before = masks.copy()
    found = grab_cut(image, masks, 5)
    truth = np.zeros((60, 80), bool)
    truth[15:45, 20:60] = True
    assert np.mean((found[..., 0] < 0.5) == truth) > 0.99
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)
    inside = found[..., 0] < 0.5
    np.testing.assert_allclose(
        found[inside][:, 1] / found[inside][:, 2], masks[inside][:, 1] / masks[inside][:, 2], rtol=1e-5
    )
    share = (masks[..., 1:].sum(-1) + inside) / 2
    np.testing.assert_allclose(found[..., 1:].sum(-1), share, atol=1e-6)
    np.testing.assert_array_equal(masks, before)


@pytest.mark.parametrize("margin", [0.5, 1.0, 1.5, 2.0, 3.7])
def test_a_margin_takes_in_what_is_near(margin):
    image, masks = scene()
    masks[:, :18] = (1, 0, 0)  # no thing's: left of the block, the margin ends there
    inside = grab_cut(image, masks, 5)[..., 0] < 0.5
    rows, columns = np.indices(inside.shape)
    near = np.any([np.hypot(rows - y, columns - x) <= margin for y, x in np.argwhere(inside)], axis=0)
    found = grab_cut(image, masks, 5, margin)
    np.testing.assert_array_equal(found[..., 0] < 0.5, near & (masks[..., 0] < 1))
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)


def test_always_the_same():
    image, masks = scene()
    first = grab_cut(image, masks, 3)
    np.random.default_rng(1).random(5)
    np.testing.assert_array_equal(grab_cut(image, masks, 3), first)


def test_what_is_sure_stays():
    image, masks = scene()
    masks[0:6, 0:6] = (0, 1, 0)  # grass that is surely a thing
    masks[28:32, 38:42] = (1, 0, 0)  # a hole that is surely background
    found = grab_cut(image, masks, 5)
    assert (found[0:6, 0:6, 0] == 0).all() and (found[28:32, 38:42, 0] == 1).all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_without_both_sides_nothing_changes(level):
    image, _ = scene()
    masks = np.full((60, 80, 2), (1 - level, level), np.float32)
    assert grab_cut(image, masks, 5) is masks


@given(height=st.integers(1, 12), width=st.integers(1, 12), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_any_size_and_any_masks(height, width, seed):
    rng = np.random.default_rng(seed)
    masks = rng.choice([0, 0.01, 0.5, 1], (height, width, 3)).astype(np.float32)
    found = grab_cut(rng.integers(0, 256, (height, width, 3), dtype=np.uint8), masks, 2)
    assert found.shape == masks.shape and np.isfinite(found).all()
    assert (found[..., 1:][masks[..., 1:] == 0] == 0).all()


def prediction_of(masks):
    return Prediction(to_labels(masks), np.ones(masks.shape[-1] - 1, np.float32), masks)


def test_a_class_is_shown_from_a_hundredth_of_the_photo():
    masks = np.zeros((20, 50, 4), np.float32)
    masks[..., 0] = 0.5
    masks[:10, :, 1] = 1
    masks[10, :10, 2] = 1  # ten of a thousand pixels are not more than a hundredth
    assert classes_shown(prediction_of(masks)) == 1
    masks[10, :11, 2] = 1
    assert classes_shown(prediction_of(masks)) == 2
    assert classes_shown(prediction_of(masks[11:])) == 0


def test_cues_are_for_photos_of_one_class_where_the_config_says_so():
    image, masks = scene()
    one = InferenceConfig(saliency=10.0, grab_cut=2, photo_cues="one_class")
    always = InferenceConfig(saliency=10.0, grab_cut=2)
    found = with_photo_cues(image, prediction_of(masks), one)
    assert found.without_crf and (found.labels != to_labels(masks)).any()
    everywhere = with_photo_cues(image, prediction_of(masks), always)
    assert not everywhere.without_crf
    np.testing.assert_array_equal(found.masks, everywhere.masks)

    masks[40:50, 15:65] = (0.2, 0.1, 0.7)  # another class: a tenth of the photo
    shared = prediction_of(masks)
    assert with_photo_cues(image, shared, one) is shared
    assert not shared.without_crf
    assert (with_photo_cues(image, shared, always).labels != shared.labels).any()
    without_cues = replace(one, saliency=0.0, grab_cut=0)
    alone = prediction_of(scene()[1])
    assert with_photo_cues(image, alone, without_cues) is alone and not alone.without_crf  # it is left to the CRF


@pytest.mark.parametrize(
    ("counts", "alone"),
    [
        ((1, 1, 2, 3), True),
        ((1, 2, 2, 3), False),
        ((0, 0, 0, 1, 2, 2), False),
        ((1, 2), True),
        ((0,), True),
        ((), True),
    ],
)
def test_photos_of_several_tags_have_no_cues(counts, alone):
    tags = np.array([[float(column < count) for column in range(3)] for count in counts], np.float32).reshape(-1, 3)
    config = InferenceConfig(saliency=10.0, grab_cut=2, flip=True, photo_cues="tags")
    decided = decided_by_tags(config, tags)
    assert decided in by_tags(config) and decided.flip
    assert (decided.photo_cues, decided.saliency, decided.grab_cut) == (
        ("one_class", 10, 2) if alone else ("always", 0, 0)
    )
    assert uses_photo_cues(decided) == alone
