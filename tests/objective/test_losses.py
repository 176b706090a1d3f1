import numpy as np
import pytest
import tensorflow as tf
from golden import recipe
from golden.recipe import assert_close
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsfcn_tf.objective.losses import classification_loss, holds_every_tag, mask_loss
from wsfcn_tf.ops import resize_align_corners


@pytest.fixture(scope="module")
def arrays():
    return recipe.load("losses")


def test_golden_classification_loss(arrays):
    assert_close(np.mean(classification_loss(arrays["scores"], arrays["labels"])), arrays["cls_loss"])


@pytest.mark.parametrize("suffix", ["", "_matching"])
def test_golden_mask_loss(arrays, suffix):
    loss = mask_loss(arrays["logits"], arrays["pseudo_gt"], arrays[f"labels{suffix}"])
    assert_close(loss, arrays[f"mask_loss{suffix}"])


# === Classification ===

scores_and_tags = st.integers(1, 4).flatmap(
    lambda classes: st.tuples(
        hnp.arrays(np.float32, (3, classes), elements=st.floats(-50, 50, width=32)),
        hnp.arrays(np.float32, (3, classes), elements=st.sampled_from([0, 1])),
    )
)


@given(scores_and_tags)
def test_classification_formula(values):
    scores, tags = values
    logs = np.log1p(np.exp(-np.abs(scores.astype(np.float64))))
    expected = (np.maximum(scores, 0) - scores * tags + logs).mean(1)  # of -t log s(x) - (1 - t) log s(-x)
    np.testing.assert_allclose(classification_loss(scores, tags), expected, rtol=1e-5, atol=1e-6)


# === Masks ===

CLASSES = 3


def pseudo_of(labels):
    """Labels [B, H, W], -1 = nobody's -> one-hot [B, H, W, 1 + C]."""
    return (labels[..., None] == np.arange(1 + CLASSES)).astype(np.float32)


def expected_loss(logits, labels, tags, class_balance):
    """Pixel by pixel; logits at the labels' size."""
    losses = []
    for x, label, tag in zip(logits.astype(np.float64), labels, tags):
        found = set(label[label >= 0].tolist())
        n, total = (label >= 0).sum(), 0.0
        for i, j in np.ndindex(label.shape):
            if label[i, j] >= 0:
                cross_entropy = np.log(np.exp(x[i, j] - x[i, j].max()).sum()) + x[i, j].max() - x[i, j, label[i, j]]
                total += ((n - (label == label[i, j]).sum()) / (1 + n)) ** class_balance * cross_entropy
        losses.append(total / label.size * (len(found) == 1 + tag.sum()))
    return losses


labels_ = hnp.arrays(np.int64, (2, 3, 4), elements=st.integers(-1, CLASSES))
logits_ = hnp.arrays(np.float32, (2, 3, 4, 1 + CLASSES), elements=st.floats(-20, 20, width=32))
tags_ = hnp.arrays(np.float32, (2, CLASSES), elements=st.sampled_from([0, 1]))


@given(labels=labels_, logits=logits_, tags=tags_, matching=st.booleans(), class_balance=st.sampled_from([0, 0.5, 1]))
def test_mask_loss_formula(labels, logits, tags, matching, class_balance):
    if matching:  # rarely so by chance
        for image, tag in zip(labels, tags):
            image[0, :] = np.arange(4)
            tag[:] = 1
    expected = expected_loss(logits, labels, tags, class_balance)
    loss = mask_loss(logits, pseudo_of(labels), tags, class_balance)
    np.testing.assert_allclose(loss, expected, rtol=1e-4, atol=1e-5)


def half_and_half(rng, tags):
    """Logits, and pseudo labels with background on the left and class 1 on the right, one image per row of tags."""
    labels = np.repeat([[0, 0, 1, 1]], 3, axis=0)
    logits = rng.standard_normal((len(tags), 3, 4, 1 + CLASSES)).astype(np.float32)
    return logits, pseudo_of(np.stack([labels] * len(tags))), np.float32(tags)


def test_image_that_misses_a_tag_stays_in_the_mean(rng):
    logits, pseudo, tags = half_and_half(rng, [[1, 0, 0], [1, 0, 1], [0, 0, 0]])
    loss = np.asarray(mask_loss(logits, pseudo, tags))
    np.testing.assert_array_equal(holds_every_tag(pseudo, tags), [1, 0, 0])
    assert loss.shape == (3,)  # so the caller's mean divides by it too
    assert loss[0] > 0
    np.testing.assert_array_equal(loss[1:], 0)


def test_image_with_no_tag():
    background = np.zeros((2, 3, 4), np.int64)
    background[1] = -1
    pseudo, tags = pseudo_of(background), np.zeros((2, CLASSES), np.float32)
    # one class has all labelled pixels, so that its weight (N - N_class) / (1 + N) is 0
    np.testing.assert_array_equal(mask_loss(np.ones((2, 3, 4, 4), np.float32), pseudo, tags), 0)
    np.testing.assert_array_equal(holds_every_tag(pseudo, tags), [1, 0])


def test_logits_are_resized_to_the_labels(rng):
    logits, pseudo, tags = half_and_half(rng, [[1, 0, 0]])
    small = logits[:, :2, :2]
    resized = resize_align_corners(small, (3, 4))
    np.testing.assert_allclose(mask_loss(small, pseudo, tags), mask_loss(resized, pseudo, tags), rtol=1e-6)


def test_gradient_stays_finite_for_any_logits():
    logits = tf.constant([[[[1.0, 1e4], [1.0, -1e4]]]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = mask_loss(logits, np.float32([[[[1, 0], [0, 1]]]]), np.float32([[1]]))
    assert np.isfinite(loss).all() and np.isfinite(tape.gradient(loss, logits)).all()
