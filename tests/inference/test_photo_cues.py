import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.inference.photo_cues import grab_cut


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
