import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import graph

from wsfcn_tf.ops import colour_fit
from wsfcn_tf.ops.colour_fit import BANDWIDTH, FEATURES, WINDOW, frequencies

RIDGE = 3e-4


def window_mean(image):
    """Of the pixels of the window that lie within the photo."""
    reach, means = WINDOW // 2, np.empty_like(image)
    for i, j in np.ndindex(image.shape[:2]):
        window = image[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1]
        means[i, j] = window.mean((0, 1))
    return means


def described(image):
    """float64 [H * W, 6], what a pixel's features are made of."""
    image = image.astype(np.float64)
    return np.concatenate([image, window_mean(image)], -1).reshape(-1, 6)


def dual_fit(image, masks, ridge):
    """Kernel ridge regression in its dual form, one photo: K (K + ridge I)^-1 y, K = F F^T / pixels, all centred."""
    weights, phases = frequencies()
    features = np.sqrt(2 / FEATURES) * np.cos(described(image) @ weights + phases)
    features -= features.mean(0)
    kernel = features @ features.T / len(features)
    targets = masks.reshape(len(features), -1).astype(np.float64)
    mean = targets.mean(0)
    fitted = mean + kernel @ np.linalg.solve(kernel + ridge * np.eye(len(kernel)), targets - mean)
    return fitted.reshape(masks.shape).clip(0, 1)


@pytest.mark.parametrize("ridge", [1e-4, 1e-2])
def test_is_kernel_ridge_regression(rng, ridge):
    images, masks = rng.random((2, 9, 13, 3), np.float32), rng.random((2, 9, 13, 3), np.float32)
    expected = [dual_fit(image, mask, ridge) for image, mask in zip(images, masks)]
    np.testing.assert_allclose(colour_fit(images, masks, ridge), expected, atol=1e-4, rtol=0)


def test_the_features_stand_for_a_gaussian_kernel(rng):
    weights, phases = frequencies()
    colours = rng.random((40, 6)) * 3 * BANDWIDTH
    waves = np.sqrt(2 / FEATURES) * np.cos(colours @ weights + phases)
    squares = np.square(colours[:, None] - colours[None]).sum(-1)
    error = waves @ waves.T - np.exp(-squares / (2 * BANDWIDTH**2))
    assert np.sqrt(np.square(error).mean()) < 1.2 / np.sqrt(FEATURES)  # the standard deviation is 1 / sqrt(D) at most


def test_what_has_the_colours_of_the_mask_joins_it():
    """Two red things, of which the network has seen half of one."""
    image = np.full((1, 20, 30, 3), (0.2, 0.3, 0.9), np.float32)
    image[:, 4:16, 3:10] = image[:, 4:16, 20:27] = (0.9, 0.2, 0.1)
    mask = np.zeros((1, 20, 30, 1), np.float32)
    mask[:, 4:10, 3:10] = 1
    fitted = colour_fit(image, mask, RIDGE)[0, ..., 0].numpy()
    np.testing.assert_allclose(fitted[6:14, 5:8], 0.25, atol=0.05)  # a quarter of what is red is in the mask
    np.testing.assert_allclose(fitted[6:14, 22:25], fitted[6:14, 5:8], atol=1e-3)
    assert np.abs(fitted[:, 12:18]).max() < 0.05


def test_a_flat_photo_has_the_mean(rng):
    mask = rng.random((1, 8, 6, 2), np.float32)
    fitted = colour_fit(np.full((1, 8, 6, 3), 0.4, np.float32), mask, 1e-6)
    np.testing.assert_allclose(fitted, np.broadcast_to(mask.mean((1, 2), keepdims=True), mask.shape), atol=1e-3)


@given(value=st.floats(0, 1, width=32), ridge=st.floats(1e-4, 1e-2))
@settings(max_examples=20)
def test_a_constant_mask_stays(value, ridge):
    image = np.random.default_rng(0).random((1, 7, 8, 3), np.float32)
    fitted = colour_fit(image, np.full((1, 7, 8, 1), value, np.float32), ridge)
    np.testing.assert_allclose(fitted, value, atol=1e-3)


def test_channels_and_photos_do_not_mix(rng):
    images, masks = rng.random((3, 8, 9, 3), np.float32), rng.random((3, 8, 9, 2), np.float32)
    together = colour_fit(images, masks, RIDGE)
    for i, k in np.ndindex(3, 2):
        alone = colour_fit(images[i : i + 1], masks[i : i + 1, ..., k : k + 1], RIDGE)
        np.testing.assert_allclose(together[i, ..., k], alone[0, ..., 0], atol=1e-5)


@pytest.mark.parametrize("compiled", [False, True])
def test_graph_equals_eager(rng, compiled):
    images, masks = rng.random((2, 8, 9, 3), np.float32), rng.random((2, 8, 9, 2), np.float32)
    eager = colour_fit(images, masks, RIDGE)
    np.testing.assert_allclose(
        graph(lambda *x: colour_fit(*x, RIDGE), jit_compile=compiled)(images, masks), eager, atol=1e-4
    )


def test_no_gradient(rng):
    images, masks = (tf.constant(rng.random((1, 5, 6, channels), np.float32)) for channels in (3, 2))
    with tf.GradientTape() as tape:
        tape.watch([images, masks])
        fitted = colour_fit(images, masks, RIDGE)
    assert tape.gradient(fitted, [images, masks]) == [None, None]
