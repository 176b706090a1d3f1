import numpy as np
import pytest
from golden import recipe
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from networks import graph

from wsfcn_tf.objective.pseudo_labels import clean, pseudo_labels, with_saliency


def test_golden():
    arrays = recipe.load("losses")
    np.testing.assert_array_equal(pseudo_labels(arrays["dec"]), arrays["pseudo_gt"])


# sixteenths: thresholds are met exactly, and pixels tie
sixteenths = st.integers(0, 16).map(lambda n: n / 16)


@given(
    masks=hnp.arrays(np.float32, (2, 3, 4, 3), elements=sixteenths),
    floor=sixteenths,
    background=st.sampled_from([0.5, 0.75, 1.0]),
    foreground=st.sampled_from([0.25, 0.5, 1.0]),
)
def test_formula(masks, floor, background, foreground):
    expected = np.zeros_like(masks)
    for b, i, j in np.ndindex(2, 3, 4):
        factors = [background, foreground, foreground]
        claims = [c for c in range(3) if masks[b, i, j, c] > max(floor, factors[c] * masks[b, ..., c].max())]
        if len(claims) == 1:
            expected[b, i, j, claims[0]] = 1
    np.testing.assert_array_equal(pseudo_labels(masks, floor, background, foreground), expected)


def labels_of(*pixels):
    """Pseudo labels of a row of pixels."""
    return np.asarray(pseudo_labels(np.float32([[pixels]])))[0, 0].tolist()


def test_defaults_are_the_release_s():
    # maxima 1.0: background from 0.7 on, foreground from 0.6 on
    assert labels_of((1, 0), (0.71, 0), (0.69, 0)) == [[1, 0], [1, 0], [0, 0]]
    assert labels_of((0, 1), (0, 0.61), (0, 0.59)) == [[0, 1], [0, 1], [0, 0]]
    # low maxima: the floor
    assert labels_of((0.21, 0), (0.19, 0)) == [[1, 0], [0, 0]]


def test_pixel_claimed_twice_is_nobody_s():
    assert labels_of((0.9, 0.9, 0.1), (0.9, 0.1, 0.1)) == [[0, 0, 0], [1, 0, 0]]
    assert labels_of((0.9, 0.9, 0.9)) == [[0, 0, 0]]


def test_equal_to_the_threshold_is_below_it():
    masks = np.float32([[[[0.25, 0], [0.5, 0]]]])
    np.testing.assert_array_equal(pseudo_labels(masks, 0.25, 0.5, 0.5), [[[[0, 0], [1, 0]]]])


def test_maxima_are_each_image_s_own():
    masks = np.float32([[[[0.3, 0], [0.25, 0]]], [[[1.0, 0], [0.25, 0]]]])
    np.testing.assert_array_equal(pseudo_labels(masks)[..., 0], [[[1, 1]], [[1, 0]]])


@pytest.mark.parametrize("tags", [[0, 0, 0], [0, 1, 0], [1, 1, 1]])
def test_clean_keeps_background_and_tags(rng, tags):
    masks = rng.random((1, 2, 3, 4), np.float32)
    expected = masks * np.array([1, *tags], np.float32)
    np.testing.assert_array_equal(clean(masks, np.float32([tags])), expected)


def test_image_with_no_tag_has_background_only(rng):
    masks = rng.random((1, 4, 5, 3), np.float32)
    pseudo = np.asarray(pseudo_labels(clean(masks, np.zeros((1, 2), np.float32))))
    assert pseudo[..., 0].any() and not pseudo[..., 1:].any()


def test_nothing_anywhere():
    np.testing.assert_array_equal(pseudo_labels(np.zeros((1, 2, 2, 3), np.float32)), np.zeros((1, 2, 2, 3)))


# === Saliency ===


def simplex(rng, shape):
    masks = rng.random(shape)
    return (masks / masks.sum(-1, keepdims=True)).astype(np.float32)


def test_saliency_shifts_the_odds_of_a_thing(rng):
    masks, saliency = simplex(rng, (2, 3, 4, 3)), rng.uniform(-1, 1, (2, 3, 4, 1)).astype(np.float32)
    expected = np.zeros_like(masks)
    for b, i, j in np.ndindex(2, 3, 4):
        thing = masks[b, i, j, 1:].sum()
        odds = np.sqrt(thing / (1 - thing)) * np.exp(7 * saliency[b, i, j, 0])
        expected[b, i, j, 1:] = masks[b, i, j, 1:] / thing * odds / (1 + odds)
        expected[b, i, j, 0] = 1 / (1 + odds)
    np.testing.assert_allclose(with_saliency(masks, saliency, 7.0), expected, atol=1e-5)


def test_where_masks_hold_no_thing_saliency_makes_none():
    masks = np.float32([[[[0.3, 0, 0], [1, 0, 0]]]])
    np.testing.assert_array_equal(with_saliency(masks, np.ones((1, 1, 2, 1), np.float32), 9.0), [[[[1, 0, 0]] * 2]])


def test_a_mask_that_is_all_but_zero_can_be_found_again():
    masks = np.float32([[[[1 - 1e-6, 1e-6], [1e-6, 1 - 1e-6]]]])
    found = np.asarray(with_saliency(masks, np.float32([[[[1.0], [-1.0]]]]), 10.0))
    assert found[0, 0, 0, 1] > 0.99 and found[0, 0, 1, 0] > 0.99


def test_saliency_is_the_same_in_graphs(rng):
    masks, saliency = simplex(rng, (2, 3, 4, 3)), rng.uniform(-1, 1, (2, 3, 4, 1)).astype(np.float32)
    eager = with_saliency(masks, saliency, 5.0)
    for compiled in (False, True):
        traced = graph(lambda *x: with_saliency(*x, 5.0), jit_compile=compiled)(masks, saliency)
        np.testing.assert_allclose(traced, eager, atol=1e-6)
