"""Collecting what tags tell while masks are predicted."""

import numpy as np
import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.tag_collector import TagCollector
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import Photo, one_by_one

TAGS = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 0.0])}


def predict(image):
    """All of class 1 by the network, of class 2 by the rules; a quarter is class 2, whose score is low."""
    raw = np.tile(np.float32([0.2, 0.5, 0.3]), (2, 2, 1))
    raw[0, 0] = [0.2, 0.1, 0.7]
    rules = np.zeros_like(raw)
    rules[..., 2] = 1
    return Prediction(np.full((2, 2), 2, np.uint8), np.float32([0.9, 0.05]), rules, raw_masks=raw)


def tags_of(name):
    if name not in TAGS:
        raise UserError(f"{name}: its tags are not known")
    return TAGS[name]


def test_the_network_s_own_masks_count_and_photos_without_tags_do_not():
    photos = [Photo(name, np.zeros((2, 2, 3), np.uint8)) for name in ("a", "b", "unknown")]
    collector = TagCollector(presence_threshold=0.1)
    assert collector.health() is None
    seen = list(collector.watching(one_by_one(predict), tags_of)(photos))
    assert [photo.name for photo, _ in seen] == ["a", "b", "unknown"]
    health = collector.health()
    assert (health.photos, health.background, health.agreement) == (2, pytest.approx(1 / 4), None)
    np.testing.assert_array_equal(health.stray, [1, np.nan])
    low = TagCollector(presence_threshold=0.01)
    low.add(predict(None), lambda: TAGS["a"])
    assert low.health().background == 0


def test_of_a_large_photo_some_rows_and_columns_are_enough():
    masks = np.zeros((512, 600, 3), np.float32)
    masks[..., 0] = 0.5
    masks[:128, :300, 1] = 1
    collector = TagCollector(0.1)
    collector.add(Prediction(np.zeros((512, 600), np.uint8), np.float32([0.9, 0.9]), masks), lambda: TAGS["a"])
    assert collector.health().background == 7 / 8


def test_without_a_step_before_the_rules_the_masks_are_the_network_s():
    masks = np.zeros((1, 2, 3), np.float32)
    masks[:, 1, 1], masks[:, 0, 0] = 1, 1
    collector = TagCollector(0.1)
    collector.add(Prediction(np.zeros((1, 2), np.uint8), np.float32([0.9, 0.9]), masks), lambda: TAGS["a"])
    assert collector.health().background == 0.5
