import sys

import numpy as np
import pytest

from wsfcn_tf.config import CRFConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.crf import dense_crf

CRF = CRFConfig(iterations=10)


@pytest.fixture(scope="module")
def two_halves():
    """A photo that is red on the left and blue on the right, and masks whose border is 6 pixels off and noisy."""
    rng = np.random.default_rng(0)
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, :30, 0] = image[:, 30:, 2] = 200
    masks = np.zeros((40, 60, 4), np.float32)
    masks[..., 2] = np.where(np.arange(60) < 36, 0.7, 0.3) + rng.uniform(-0.25, 0.25, (40, 60))
    masks[..., 0] = 1 - masks[..., 2]
    return image, masks


def test_borders_move_to_the_photo_s(two_halves):
    image, masks = two_halves
    truth = np.repeat((np.arange(60) < 30)[None], 40, axis=0)
    refined = dense_crf(image, masks, CRF)
    assert refined.dtype == np.float32 and refined.shape == masks.shape
    np.testing.assert_allclose(refined.sum(axis=-1), 1, atol=1e-5)
    assert ((masks.argmax(-1) == 2) == truth).mean() < 0.92
    assert ((refined.argmax(-1) == 2) == truth).mean() > 0.99
    assert not refined[..., [1, 3]].any()


def test_without_kernels_the_masks_decide(two_halves):
    image, masks = two_halves
    refined = dense_crf(image, masks, CRFConfig(iterations=10, gaussian_compat=0, bilateral_compat=0))
    np.testing.assert_allclose(refined[..., 2], masks[..., 2], atol=1e-4)


def test_photo_and_masks_are_left_alone(two_halves):
    given = [value.copy() for value in two_halves]
    for value in given:
        value.setflags(write=False)
    dense_crf(*given, CRF)
    for value, before in zip(given, two_halves):
        np.testing.assert_array_equal(value, before)


@pytest.mark.parametrize("background", [0.2, 0.0])
def test_one_label_alone(background):
    masks = np.zeros((5, 7, 3), np.float32)
    masks[..., 0] = background
    refined = dense_crf(np.zeros((5, 7, 3), np.uint8), masks, CRF)
    assert (refined[..., 0] == 1).all() and not refined[..., 1:].any()


def test_without_its_package(two_halves, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydensecrf.densecrf", None)
    with pytest.raises(UserError) as error:
        dense_crf(*two_halves, CRF)
    assert str(error.value) == (
        "the dense CRF needs pydensecrf2, which is not installed: pip install pydensecrf2 (with a C++ compiler), "
        "or set inference.crf.iterations=0"
    )
