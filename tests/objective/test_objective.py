from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from golden import recipe
from golden.recipe import assert_close
from networks import graph, noise
from oracles.pamr import pamr_reference

from wsfcn_tf.config import ExperimentConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.objective.losses import classification_loss, holds_every_tag, mask_loss
from wsfcn_tf.objective.objective import Objective, Ramp, build_objective, log_odds
from wsfcn_tf.objective.pseudo_labels import clean, pseudo_labels
from wsfcn_tf.ops import colour_fit, resize_align_corners, with_saliency
from wsfcn_tf.ops.normalise import denormalise, normalise

CONFIG = SelfSupervisionConfig(
    weight=0.5,
    class_balance=0.5,
    pamr_iterations=2,
    pamr_dilations=(1, 3),
    floor=0.1,
    background_factor=0.8,
    foreground_factor=0.5,
)
OBJECTIVE = Objective(CONFIG, max_tags=2)
TAGS = np.float32([[1, 0, 1], [0, 0, 0], [0, 1, 0]])


@pytest.fixture(scope="module")
def images():
    return normalise(np.random.default_rng(0).random((3, 24, 28, 3)).astype(np.float32))


@pytest.fixture(scope="module")
def outputs():
    return {"logits": 2 * noise(3, 6, 7, 4), "scores": noise(3, 3, seed=1)}


# === Golden ===


@pytest.fixture(scope="module")
def arrays():
    return recipe.load("wsfcn_network")


@pytest.fixture(scope="module")
def golden_objective():
    return Objective(SelfSupervisionConfig(), max_tags=20)


def test_golden_supervision(arrays, golden_objective):
    images, tags = normalise(arrays["train_image"]), arrays["train_labels"]
    supervision = golden_objective.supervise(images, tags, arrays["train_logits"])
    assert_close(supervision.masks[:, ::4, ::4], arrays["train_cam"])
    assert_close(supervision.refined[:, ::4, ::4], arrays["train_dec"])
    counts = np.sum(supervision.pseudo, axis=(1, 2))
    np.testing.assert_allclose(counts, arrays["train_pseudo_gt_counts"], rtol=0, atol=3)


def test_golden_mask_loss(arrays, golden_objective):
    images, tags = normalise(arrays["train_image"]), arrays["train_labels"]
    outputs = {"logits": arrays["train_logits"], "scores": arrays["train_cls"]}
    values = golden_objective(images, tags, outputs, True, 0)
    # one pixel's label is open: it may change the loss by 1 / 97^2 of its scale
    assert_close(values["mask"], arrays["train_loss_mask_per_image"], tolerance=1e-3)


# === Parts ===


def test_the_colour_fit_comes_before_pamr(images, outputs):
    config = replace(CONFIG, colour_fit=1e-3)
    supervision = Objective(config, max_tags=2).supervise(images, TAGS, outputs["logits"])
    small = resize_align_corners(denormalise(images), (6, 7))
    fitted = colour_fit(small, tf.nn.softmax(outputs["logits"]), 1e-3)
    expected = pamr_reference(small.numpy(), fitted.numpy(), CONFIG.pamr_iterations, CONFIG.pamr_dilations)
    expected = clean(resize_align_corners(expected, (24, 28)), TAGS)
    np.testing.assert_allclose(supervision.refined, expected, atol=1e-5)


def test_score_offsets_count_in_the_classification_loss_alone(images, outputs):
    offsets = np.float32([1.5, -2.0, 0.25])
    values = Objective(CONFIG, max_tags=2, score_offsets=offsets.tolist())(images, TAGS, outputs, True, 0)
    scores = np.asarray(outputs["scores"], np.float64) + offsets
    expected = np.logaddexp(0, np.where(np.asarray(TAGS) > 0, -scores, scores)).mean(axis=1)
    np.testing.assert_allclose(values["classification"], expected, rtol=1e-5)
    without = OBJECTIVE(images, TAGS, outputs, True, 0)
    for name in ("mask", "labelled", "kept"):
        np.testing.assert_array_equal(values[name], without[name])
    np.testing.assert_allclose(values["loss"], values["classification"] + CONFIG.weight * values["mask"], rtol=1e-6)


def test_log_odds():
    tags = np.float32([[1, 0, 1, 0], [1, 0, 1, 1], [1, 0, 0, 0], [0, 0, 1, 0]])
    told = np.log([3, 3, 1 / 3])
    expected = [told[0], told.mean(), *told[1:]]  # a class that is on none of the photos is left as it is
    np.testing.assert_allclose(log_odds(tags), expected)
    np.testing.assert_allclose(log_odds(1 - tags), -np.array(expected))  # and so is one that is on all
    np.testing.assert_array_equal(log_odds(np.eye(2)[[0, 0]]), [0, 0])
    with_it = replace(ExperimentConfig(), training=TrainingConfig(logit_adjustment=0.5))
    offsets = build_objective(with_it, tags, 1).score_offsets
    np.testing.assert_allclose(offsets, 0.5 * (expected - told.mean()), atol=1e-12)
    alike = build_objective(with_it, np.eye(4, dtype=np.float32), 1).score_offsets
    np.testing.assert_allclose(alike, 0, atol=1e-12)  # classes of one frequency are left as they are


def test_a_run_s_objective_knows_its_tags():
    config = ExperimentConfig(training=TrainingConfig(pretrain_epochs=3))
    config = replace(config, self_supervision=replace(config.self_supervision, ramp_epochs=2))
    objective = build_objective(config, np.float32([[1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]]), 7)
    assert objective.score_offsets == [0, 0, 0] and objective.max_tags == 2
    assert objective.ramp == Ramp(21, 14)


def test_saliency_comes_last_and_at_the_images_size(images, outputs, rng):
    saliency = rng.uniform(-1, 1, (3, 24, 28, 1)).astype(np.float32)
    plain = OBJECTIVE.supervise(images, TAGS, outputs["logits"])
    objective = Objective(replace(CONFIG, saliency=4.0), max_tags=2)
    found = objective.supervise(np.concatenate([images, saliency], -1), TAGS, outputs["logits"])
    np.testing.assert_array_equal(found.masks, plain.masks)
    np.testing.assert_allclose(found.refined, with_saliency(plain.refined, saliency, 4.0), atol=1e-6)
    np.testing.assert_array_equal(found.pseudo, pseudo_labels(found.refined, 0.1, 0.8, 0.5))


def test_saliency_wants_a_fourth_channel(images, outputs):
    with pytest.raises(ValueError, match=r"images have 3 channels: .* training_batches\(\.\.\., saliency=True\)"):
        Objective(replace(CONFIG, saliency=4.0)).supervise(images, TAGS, outputs["logits"])


def test_classification_alone(images, outputs):
    values = OBJECTIVE(images, TAGS, outputs, False, 0)
    assert tuple(values) == Objective.names
    np.testing.assert_array_equal(values["loss"], classification_loss(outputs["scores"], TAGS))
    np.testing.assert_array_equal(values["classification"], values["loss"])
    for name in ("mask", "labelled", "kept"):
        np.testing.assert_array_equal(values[name], np.zeros(3))


def test_classification_alone_asks_for_no_masks(images, outputs):
    OBJECTIVE(images, TAGS, {"scores": outputs["scores"]}, False, 0)


def test_supervision_is_its_steps(images, outputs):
    masks = tf.nn.softmax(outputs["logits"])
    small = resize_align_corners(denormalise(images), (6, 7))
    refined = pamr_reference(small, masks, CONFIG.pamr_iterations, CONFIG.pamr_dilations)
    refined = clean(resize_align_corners(refined, (24, 28)), TAGS)
    supervision = OBJECTIVE.supervise(images, TAGS, outputs["logits"])
    np.testing.assert_allclose(supervision.masks, clean(resize_align_corners(masks, (24, 28)), TAGS), atol=1e-6)
    np.testing.assert_allclose(supervision.refined, refined, atol=1e-5)
    np.testing.assert_array_equal(supervision.pseudo, pseudo_labels(supervision.refined, 0.1, 0.8, 0.5))


def test_both_losses(images, outputs):
    values = OBJECTIVE(images, TAGS, outputs, True, 0)
    assert tuple(values) == Objective.names
    pseudo = np.asarray(OBJECTIVE.supervise(images, TAGS, outputs["logits"]).pseudo)
    mask = np.asarray(mask_loss(outputs["logits"], pseudo, TAGS, 0.5))
    assert mask[0] > 0 and mask[2] > 0
    expected = {
        "loss": classification_loss(outputs["scores"], TAGS) + 0.5 * mask,
        "classification": classification_loss(outputs["scores"], TAGS),
        "mask": mask,
        "labelled": pseudo.sum(-1).mean((1, 2)),
        "kept": holds_every_tag(pseudo, TAGS),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-5, err_msg=name)


def test_an_image_with_no_tag_is_background_only(images, outputs):
    pseudo = np.asarray(OBJECTIVE.supervise(images, TAGS, outputs["logits"]).pseudo)
    assert pseudo[1, ..., 0].any() and not pseudo[1, ..., 1:].any()
    assert OBJECTIVE(images, TAGS, outputs, True, 0)["mask"][1] == 0


@pytest.mark.parametrize("max_tags", [2, 3])
def test_more_channels_than_needed_change_nothing(images, outputs, max_tags):
    refined = Objective(CONFIG, max_tags).supervise(images, TAGS, outputs["logits"]).refined
    np.testing.assert_allclose(refined, OBJECTIVE.supervise(images, TAGS, outputs["logits"]).refined, atol=1e-6)


@pytest.mark.parametrize("function", [lambda f: f, graph], ids=["eager", "graph"])
def test_pseudo_labels_are_constants_to_the_gradient(images, outputs, function):
    logits = tf.constant(outputs["logits"])

    @function
    def gradients():
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            values = OBJECTIVE(images, TAGS, {"logits": logits, "scores": outputs["scores"]}, True, 0)
            expected = mask_loss(logits, OBJECTIVE.supervise(images, TAGS, outputs["logits"]).pseudo, TAGS, 0.5)
        return tape.gradient(values["mask"], logits), tape.gradient(expected, logits)

    actual, expected = gradients()
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_weight_zero_leaves_classification(images, outputs):
    values = Objective(replace(CONFIG, weight=0.0), 2)(images, TAGS, outputs, True, 0)
    np.testing.assert_array_equal(values["loss"], values["classification"])


def test_ramp_begins_above_zero_and_ends_at_one():
    ramp = Ramp(first=10, steps=4)
    np.testing.assert_allclose([float(ramp.share(step)) for step in range(9, 16)], [0, 0.25, 0.5, 0.75, 1, 1, 1])
    assert Ramp(first=10).share(10) == 1.0
