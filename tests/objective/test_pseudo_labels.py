import numpy as np
import pytest
from golden import recipe
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsfcn_tf.objective.pseudo_labels import clean, pseudo_labels


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
