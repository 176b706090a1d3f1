from dataclasses import replace

import numpy as np
import pytest

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.rules import apply_rules, present, sigmoid, thresholds_note, to_labels

MASKS = np.array([[[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]], np.float32)  # one row of two pixels, two classes
BOTH = np.array([True, True])


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [("constant", 0.25, [0.25, 0.25]), ("power", 3.0, [0.125, 0.001]), ("none", 9.0, [0.5, 0.1])],
)
def test_background_rules(rule, value, expected):
    ruled = apply_rules(MASKS, BOTH, InferenceConfig(background=rule, background_value=value))
    np.testing.assert_allclose(ruled[0, :, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(ruled[..., 1:], MASKS[..., 1:])
    assert ruled.dtype == np.float32


def test_absent_class_is_zeroed_and_the_input_untouched():
    before = MASKS.copy()
    ruled = apply_rules(MASKS, np.array([True, False]), InferenceConfig(background="none"))
    np.testing.assert_array_equal(ruled, MASKS * [1, 1, 0])
    np.testing.assert_array_equal(MASKS, before)


def test_an_adjustment_is_that_of_the_logits():
    rng = np.random.default_rng(0)
    logits, log_odds = rng.normal(size=(5, 6, 4)), (-2.0, 1.0, 0.5)
    config = InferenceConfig(background="none", logit_adjustment=0.5, class_log_odds=log_odds)
    masks = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    adjusted = apply_rules(masks.astype(np.float32), np.ones(3, bool), config)
    lost = 0.5 * (np.array(log_odds) - np.mean(log_odds))
    expected = np.exp(logits - [0.0, *lost])
    np.testing.assert_allclose(adjusted, expected / expected.sum(-1, keepdims=True), rtol=1e-5)
    assert adjusted.dtype == np.float32
    assert (to_labels(adjusted) != to_labels(masks)).any()
    same = apply_rules(masks, np.ones(3, bool), replace(config, class_log_odds=(-1.0, -1.0, -1.0)))
    np.testing.assert_allclose(same, masks, rtol=1e-6)  # where all classes are as frequent, nothing changes


@pytest.mark.parametrize(
    ("log_odds", "message"),
    [
        (None, r"^inference\.logit_adjustment needs inference\.class_log_odds, a number for each class: a training"),
        ((0.5,), r"^inference\.class_log_odds has 1 numbers for 2 classes"),
    ],
)
def test_an_adjustment_needs_the_log_odds_of_all_classes(log_odds, message):
    with pytest.raises(UserError, match=message):
        apply_rules(MASKS, BOTH, InferenceConfig(logit_adjustment=0.5, class_log_odds=log_odds))


def test_a_class_is_kept_only_above_the_threshold():
    config = InferenceConfig(presence_threshold=0.5)  # sigmoid(0) is 0.5 exactly
    np.testing.assert_array_equal(present(np.array([0.0, 1e-3], np.float32), config, None), [False, True])


def test_a_class_is_kept_if_the_photo_is_tagged_with_it():
    config = InferenceConfig(classes="tags")
    scores, tags = np.array([9.0, -9.0], np.float32), np.array([0, 1], np.float32)
    np.testing.assert_array_equal(present(scores, config, tags), [False, True])
    with pytest.raises(UserError, match=r"^its tags are not known, and inference\.classes is tags"):
        present(scores, config, None)


def test_labels_are_the_arg_max_and_ties_go_to_the_background():
    masks = np.array([[[0.25, 0.25, 0.1], [0.0, 0.0, 0.0], [0.2, 0.3, 0.4]]], np.float32)
    labels = to_labels(masks)
    np.testing.assert_array_equal(labels, [[0, 0, 2]])
    assert labels.dtype == np.uint8


def test_sigmoid_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        values = sigmoid(np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0], np.float32))
    np.testing.assert_allclose(values, [0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1], rtol=1e-6)
    assert values.dtype == np.float32


UNSAID = "not the release's, and inference.thresholds does not say how they were chosen"
OURS = InferenceConfig(background_value=0.1)


@pytest.mark.parametrize(
    "config",
    [
        InferenceConfig(scales=(1.0, 2.0), flip=True),
        InferenceConfig(background="power", background_value=3),
        InferenceConfig(background="none", background_value=7),
        InferenceConfig(crf=CRFConfig(iterations=10)),
        InferenceConfig(crf=CRFConfig(iterations=10, background_power=0, bilateral_sxy=80)),
        InferenceConfig(crf=CRFConfig(bilateral_sxy=7)),  # which is not used
        InferenceConfig(classes="tags", presence_threshold=0.9),  # neither is this
    ],
)
def test_the_releases_settings_are_known(config):
    assert thresholds_note(config) == "the release's"


@pytest.mark.parametrize(
    "config",
    [
        OURS,
        InferenceConfig(background="power", background_value=0.25),
        InferenceConfig(presence_threshold=0.2),
        InferenceConfig(saliency=10.0),
        InferenceConfig(grab_cut=5),
        InferenceConfig(logit_adjustment=0.5),
        InferenceConfig(photo_cues="one_class"),
        InferenceConfig(crf=CRFConfig(iterations=5)),
        InferenceConfig(crf=CRFConfig(iterations=10, background_power=0)),
    ],
)
def test_others_have_to_be_explained(config):
    assert thresholds_note(config) == UNSAID
    assert thresholds_note(replace(config, thresholds="tags")) == "chosen without masks"
    assert thresholds_note(replace(config, thresholds="masks")).startswith("CHOSEN WITH MASKS")
