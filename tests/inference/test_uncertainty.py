import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.inference.uncertainty import uncertainty


def random_views(count=3, seed=0, shape=(4, 5, 3), peaked=1.0):
    masks = np.random.default_rng(seed).random((count, *shape)) ** peaked
    return (masks / masks.sum(-1, keepdims=True)).astype(np.float32)


def kl(p, q):
    return np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300) / q), 0), axis=-1)


def test_the_formulas_pixel_by_pixel():
    views = random_views().astype(np.float64)
    mean = views.mean(axis=0)
    entropies, divergences, by_class = [], [], np.zeros(3)
    for row, column in np.ndindex(4, 5):
        p, most = mean[row, column], np.log(3)
        entropy = -sum(value * np.log(value) for value in p) / most
        divergence = np.mean([kl(view[row, column], p) for view in views]) / most  # the divergences from the mean
        entropies.append(entropy)
        divergences.append(divergence)
        by_class += p * (entropy + divergence)
    found = uncertainty(iter(views))
    np.testing.assert_allclose(found[:3], [np.sum(x) / 20 for x in
        (np.add(entropies, divergences), entropies, divergences)], rtol=1e-6)  # fmt: skip
    assert found.label == 1 + np.argmax(by_class[1:])


@given(st.integers(1, 4), st.integers(0, 1000), st.sampled_from([0.3, 1.0, 20.0]))
def test_ranges(count, seed, peaked):
    found = uncertainty(random_views(count, seed, peaked=peaked))
    assert 0 <= found.disagreement <= found.entropy + 1e-9 and found.entropy <= 1 + 1e-9
    assert found.total == pytest.approx(found.entropy + found.disagreement)
    if count == 1:
        assert found.disagreement == pytest.approx(0, abs=1e-9)


def test_the_most_and_the_least():
    sure = np.eye(3)[np.zeros((2, 2), int)]
    assert uncertainty([sure, sure]) == (0, 0, 0, 0)
    assert uncertainty([np.full((2, 2, 3), 1 / 3)]) == (pytest.approx(1), pytest.approx(1), pytest.approx(0), 1)
    cat, dog = np.eye(3)[np.full((2, 2), 1)], np.eye(3)[np.full((2, 2), 2)]
    opposed = uncertainty([cat, dog])
    assert opposed.entropy == pytest.approx(opposed.disagreement) == pytest.approx(np.log(2) / np.log(3))


def test_views_that_differ_are_less_certain_than_views_that_are_each_unsure():
    unsure = np.full((2, 2, 2), 0.5)
    one, other = np.eye(2)[np.zeros((2, 2), int)], np.eye(2)[np.ones((2, 2), int)]
    both, differing = uncertainty([unsure, unsure]), uncertainty([one, other])
    assert both.entropy == pytest.approx(differing.entropy) and differing.total > both.total


def test_the_label_is_the_class_it_is_about():
    view = np.zeros((1, 4, 3))
    view[0, :2] = (0, 1, 0)  # sure cats
    view[0, 2:] = (0.5, 0, 0.5)  # a dog, or not
    assert uncertainty([view]).label == 2


def test_masks_need_not_add_up_to_1():
    views = random_views()
    np.testing.assert_allclose(uncertainty(views * 0.3), uncertainty(views), rtol=1e-5)
    assert uncertainty([np.zeros((2, 2, 3))]).entropy == pytest.approx(1)  # nothing known


def test_no_views():
    with pytest.raises(ValueError, match="no views"):
        uncertainty([])
