"""The mask loss with masks: what is known teaches as it is, pseudo labels fill the rest."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from networks import graph, noise

from wsfcn_tf.config import SelfSupervisionConfig
from wsfcn_tf.objective.known_pixels import labels_of
from wsfcn_tf.objective.objective import Objective, Ramp
from wsfcn_tf.ops import resize_align_corners
from wsfcn_tf.ops.normalise import normalise

CONFIG = SelfSupervisionConfig(
    pamr_iterations=1, pamr_dilations=(1,), floor=0.1, foreground_factor=0.5, known_mean="photo"
)
TAGS = np.float32([[1, 0, 1], [0, 0, 0], [0, 1, 0]])
UNKNOWN = np.full((3, 24, 28), 255, np.uint8)
IMAGES = normalise(np.random.default_rng(0).random((3, 24, 28, 3)).astype(np.float32))
OUTPUTS = {"logits": 2 * noise(3, 6, 7, 4), "scores": noise(3, 3, seed=1)}


def objective(**settings):
    return Objective(replace(CONFIG, **settings), max_tags=2, learns_masks=True)


def some_known():
    """A stroke of class 1 and one of background in the first photo, a whole mask of the third."""
    masks = UNKNOWN.copy()
    masks[0, 3:5, 2:20], masks[0, 20, :] = 1, 0
    masks[2] = np.random.default_rng(1).integers(0, 2, masks[2].shape) * 2
    return masks


def cross_entropy(logits, labels):
    """float64 [H, W] of logits [h, w, K] and labels [H, W]; 0 where unknown."""
    logits = np.asarray(resize_align_corners(logits[None], labels.shape), np.float64)[0]
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    of_labels = np.take_along_axis(logs, np.where(labels == 255, 0, labels)[..., None].astype(int), axis=-1)[..., 0]
    return np.where(labels == 255, 0, -of_labels)


# === Nothing is known ===


@pytest.mark.parametrize("function", [lambda f: f, graph], ids=["eager", "graph"])
@pytest.mark.parametrize("switched", [False, True])
@pytest.mark.parametrize("settings", [{}, {"fill_unknown": False, "known_weight": 3.0, "known_mean": "known"}])
def test_all_unknown_is_no_mask_to_the_bit(function, switched, settings):
    found = []
    for masks in ({}, {"masks": tf.constant(UNKNOWN)}):
        logits = tf.constant(OUTPUTS["logits"])

        @function
        def step(masks=masks, logits=logits):
            with tf.GradientTape() as tape:
                tape.watch(logits)
                outputs = {**OUTPUTS, "logits": logits}
                # `scores` from the logits, so that there is a gradient before the switch
                outputs["scores"] = tf.reduce_mean(logits[..., 1:], axis=[1, 2])
                values = objective(class_balance=0.5, **settings)(IMAGES, TAGS, outputs, switched, 0, **masks)
            return values, tape.gradient(values["loss"], logits)

        found.append(step())
    (values, gradient), (others, other_gradient) = found
    assert (np.asarray(values["kept"]) > 0).any() == switched
    for name, value in values.items():
        np.testing.assert_array_equal(others[name], value, err_msg=name)
    np.testing.assert_array_equal(other_gradient, gradient)


# === What is known ===


@pytest.mark.parametrize("switched", [False, True])
def test_whole_masks_without_pseudo_labels_are_plain_supervision(rng, switched):
    masks = rng.integers(0, 4, UNKNOWN.shape).astype(np.uint8)
    values = objective(fill_unknown=False, class_balance=0.0)(IMAGES, TAGS, OUTPUTS, switched, 0, masks=masks)
    expected = [cross_entropy(logits, mask).mean() for logits, mask in zip(OUTPUTS["logits"], masks, strict=True)]
    np.testing.assert_allclose(values["mask"], expected, rtol=1e-5)
    np.testing.assert_allclose(values["loss"], values["classification"] + values["mask"], rtol=1e-6)
    np.testing.assert_array_equal(values["labelled"], 1)


def test_whole_masks_can_be_weighted_by_class_as_pseudo_labels_are(rng):
    masks = rng.integers(0, 4, UNKNOWN.shape).astype(np.uint8)
    masks[1] = 0  # of one class: its weight is 0
    values = objective(known_weight=0.5, known_balance=None)(IMAGES, TAGS, OUTPUTS, True, 0, masks=masks)
    pixels = masks[0].size
    expected = []
    for logits, mask in zip(OUTPUTS["logits"], masks, strict=True):
        weights = (pixels - np.bincount(mask.ravel(), minlength=4)) / (1 + pixels)
        expected.append((weights[mask] * cross_entropy(logits, mask)).mean())
    np.testing.assert_allclose(values["mask"], expected, rtol=1e-5)
    np.testing.assert_allclose(values["loss"], values["classification"] + 0.5 * values["mask"], rtol=1e-6)


def test_before_the_switch_only_what_is_known_counts():
    masks = some_known()
    values = objective(class_balance=0.0, weight=7.0)(IMAGES, TAGS, OUTPUTS, False, 0, masks=masks)
    expected = [cross_entropy(logits, mask).mean() for logits, mask in zip(OUTPUTS["logits"], masks, strict=True)]
    np.testing.assert_allclose(values["mask"], expected, rtol=1e-5)
    np.testing.assert_allclose(values["loss"], values["classification"] + values["mask"], rtol=1e-6)
    np.testing.assert_allclose(values["labelled"], (masks != 255).mean((1, 2)), rtol=1e-6)


@pytest.mark.parametrize(("over", "power"), [("photo", 0), ("geometric", 0.5), ("known", 1)])
def test_how_much_a_stroke_counts_beside_a_whole_mask(over, power):
    masks = some_known()
    values = objective(class_balance=0.0, known_mean=over)(IMAGES, TAGS, OUTPUTS, False, 0, masks=masks)
    expected = [
        cross_entropy(logits, mask).sum() / (max((mask != 255).sum(), 1) ** power * mask.size ** (1 - power))
        for logits, mask in zip(OUTPUTS["logits"], masks, strict=True)
    ]
    np.testing.assert_allclose(values["mask"], expected, rtol=1e-5)


# === Both ===


def test_pseudo_labels_fill_what_is_unknown():
    masks, filling = some_known(), objective(class_balance=0.0, weight=0.5, known_weight=2.0)
    masks[2, :12] = 255
    outputs = {**OUTPUTS, "logits": OUTPUTS["logits"].copy()}
    outputs["logits"][2, ..., 2] = -20  # a tag that is not found
    pseudo = np.asarray(filling.supervise(IMAGES, TAGS, outputs["logits"]).pseudo)
    values = filling(IMAGES, TAGS, outputs, True, 0, masks=masks)
    kept = np.asarray(values["kept"])
    np.testing.assert_array_equal(kept, [1, 1, 0])
    assert (pseudo[2, :12] > 0).any()
    for image in range(3):
        filled = np.where(pseudo[image].sum(-1) > 0, pseudo[image].argmax(-1), 255)
        filled = np.where(masks[image] == 255, filled, 255) if kept[image] else np.full_like(masks[image], 255)
        known = cross_entropy(outputs["logits"][image], masks[image]).mean()
        rest = cross_entropy(outputs["logits"][image], filled).mean()
        np.testing.assert_allclose(values["mask"][image], known + rest, rtol=1e-5)
        expected = values["classification"][image] + 2.0 * known + 0.5 * rest
        np.testing.assert_allclose(values["loss"][image], expected, rtol=1e-5)


def test_the_ramp_is_for_pseudo_labels_alone():
    ramped = Objective(replace(CONFIG, class_balance=0.0), 2, Ramp(first=5, steps=10), learns_masks=True)
    masks = some_known()
    full, early = (ramped(IMAGES, TAGS, OUTPUTS, True, step, masks=masks) for step in (100, 5))
    known = [cross_entropy(logits, mask).mean() for logits, mask in zip(OUTPUTS["logits"], masks, strict=True)]
    rest = np.asarray(full["mask"]) - known
    assert (rest > 0.01).any()
    np.testing.assert_allclose(early["loss"] - early["classification"], known + 0.1 * rest, rtol=1e-4, atol=1e-6)


def test_photos_that_have_something_known_can_do_without_pseudo_labels():
    masks = some_known()
    pseudo = objective().supervise(IMAGES, TAGS, OUTPUTS["logits"]).pseudo
    values = objective(fill_unknown=False, class_balance=0.0)(IMAGES, TAGS, OUTPUTS, True, 0, masks=masks)
    known = [cross_entropy(logits, mask).mean() for logits, mask in zip(OUTPUTS["logits"], masks, strict=True)]
    np.testing.assert_allclose(values["mask"][0], known[0], rtol=1e-5)
    labels = labels_of(tf.constant(masks), pseudo, TAGS, fill_unknown=False)
    assert not np.asarray(labels.pseudo)[0].any()
    np.testing.assert_array_equal(labels.pseudo[1], pseudo[1] * labels.kept[1])  # of which nothing is known


@given(
    masks=hnp.arrays(np.uint8, (2, 5, 4), elements=st.sampled_from([0, 1, 2, 255])),
    pseudo=hnp.arrays(np.int64, (2, 5, 4), elements=st.integers(-1, 2)),
    tags=hnp.arrays(np.float32, (2, 2), elements=st.sampled_from([0, 1])),
    fill=st.booleans(),
)
@settings(max_examples=50)
def test_no_pixel_has_two_labels_and_known_ones_are_as_they_are(masks, pseudo, tags, fill):
    one_hot = (pseudo[..., None] == np.arange(3)).astype(np.float32)
    labels = labels_of(tf.constant(masks), tf.constant(one_hot), tf.constant(tags), fill)
    joined = np.asarray(labels.known + labels.pseudo)
    assert joined.sum(-1).max() <= 1
    np.testing.assert_array_equal(joined.argmax(-1)[masks != 255], masks[masks != 255])
    assert (joined.sum(-1)[masks != 255] == 1).all()
    np.testing.assert_array_equal(labels.is_known, masks != 255)


def test_masks_of_another_size_than_the_images():
    with pytest.raises(ValueError, match=r"masks are \(12, 28\), images \(24, 28\): make them alike"):
        objective()(IMAGES, TAGS, OUTPUTS, True, 0, masks=tf.constant(UNKNOWN[:, :12]))


def test_no_gradient_comes_from_a_pixel_without_label():
    masks = UNKNOWN.copy()
    masks[0, :6] = 1
    logits = tf.constant(resize_align_corners(OUTPUTS["logits"], (24, 28)))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = objective()(IMAGES, TAGS, {**OUTPUTS, "logits": logits}, False, 0, masks=tf.constant(masks))["loss"]
    gradient = np.asarray(tape.gradient(loss, logits))
    assert not gradient[0, 6:].any() and not gradient[1:].any()


def test_an_objective_with_masks_is_saved_with_them():
    config = objective(fill_unknown=False).get_config()
    assert Objective.from_config(config).learns_masks and Objective.from_config(config).get_config() == config


# === Trust ===


def test_loss_of_what_is_trusted_in_part(rng):
    masks, trust = some_known(), rng.random(UNKNOWN.shape).astype(np.float32)
    values = objective(class_balance=0.0)(IMAGES, TAGS, OUTPUTS, False, 0, masks=masks, trust=trust)
    pairs = zip(OUTPUTS["logits"], masks, trust, strict=True)
    expected = [(part * cross_entropy(logits, mask)).mean() for logits, mask, part in pairs]
    np.testing.assert_allclose(values["mask"], expected, rtol=1e-5)


@pytest.mark.parametrize("fill", [True, False])
def test_where_masks_are_to_agree_pseudo_labels_that_differ_are_left_out(fill):
    masks, trust = some_known(), np.full(UNKNOWN.shape, -1, np.float32)
    trust[0, :10] = 1  # the first stroke is known, the second is not
    pseudo = objective().supervise(IMAGES, TAGS, OUTPUTS["logits"]).pseudo
    labels = labels_of(tf.constant(masks), pseudo, TAGS, fill, trust)
    np.testing.assert_array_equal(labels.is_known, (masks != 255) & (trust >= 0))
    found = np.where(np.asarray(pseudo).sum(-1) > 0, np.asarray(pseudo).argmax(-1), 255)
    used = np.where(np.asarray(labels.pseudo).sum(-1) > 0, np.asarray(labels.pseudo).argmax(-1), 255)
    asked = (masks != 255) & (trust < 0)
    kept = np.asarray(labels.kept)[:, None, None] > 0
    np.testing.assert_array_equal(used[asked], np.where((found == masks) & kept, found, 255)[asked])
    assert (used[asked] != 255).any() and (found[asked] != masks[asked]).any()
    if fill:
        free = masks == 255
        np.testing.assert_array_equal(used[free], np.where(kept, found, 255)[free])
    before = objective()(IMAGES, TAGS, OUTPUTS, False, 0, masks=masks, trust=np.full_like(trust, -1))
    np.testing.assert_array_equal(before["mask"], 0)


@pytest.mark.parametrize("switched", [False, True])
def test_known_pixels_have_a_class_balance_of_their_own(switched):
    masks = UNKNOWN.copy()
    masks[0, :6] = 1  # one class alone: its weight is 0 unless known_balance is
    of_one_class = objective(known_balance=None)(IMAGES, TAGS, OUTPUTS, False, 0, masks=masks)
    np.testing.assert_array_equal(of_one_class["mask"], 0)
    values = objective()(IMAGES, TAGS, OUTPUTS, switched, 0, masks=masks)
    plain = objective(known_weight=0.0)(IMAGES, TAGS, OUTPUTS, switched, 0, masks=masks)
    known = cross_entropy(OUTPUTS["logits"][0], masks[0]).mean()
    np.testing.assert_allclose((values["loss"] - plain["loss"])[0], known, rtol=1e-4)
