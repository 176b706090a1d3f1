import numpy as np
import pytest
import tensorflow as tf
from networks import noise

from wsfcn_tf.ops import adaptive_average_pool, resize_align_corners, resize_half_pixel


def align_corners(new, old):
    """Source coordinate of each new pixel."""
    return np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0)


def half_pixel(new, old):
    return np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)


def interpolation(positions, old):
    """The matrix [new, old] that reads at the given positions."""
    first = np.minimum(np.floor(positions).astype(int), max(old - 2, 0))
    matrix = np.zeros((len(positions), old))
    matrix[np.arange(len(positions)), first] += 1 - (positions - first)
    matrix[np.arange(len(positions)), np.minimum(first + 1, old - 1)] += positions - first
    return matrix


@pytest.mark.parametrize(
    ("resize", "positions"), [(resize_align_corners, align_corners), (resize_half_pixel, half_pixel)]
)
@pytest.mark.parametrize(
    ("old", "new"), [((5, 4), (10, 9)), ((9, 13), (5, 7)), ((6, 7), (6, 7)), ((1, 3), (4, 1)), ((41, 20), (11, 80))]
)
def test_is_separable_interpolation(rng, resize, positions, old, new):
    features = rng.standard_normal((2, *old, 3)).astype(np.float32)
    rows, columns = (interpolation(positions(n, o), o) for n, o in zip(new, old))
    expected = np.einsum("ih,jw,bhwc->bijc", rows, columns, features)
    resized = np.asarray(resize(features, new))
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized, expected, atol=2e-5, rtol=0)


XLA_SIZES = [((5, 4), (10, 8)), ((5, 4), (10, 7)), ((9, 13), (5, 7)), ((1, 3), (4, 1)), ((3, 3), (30, 31))]
XLA_BUG = "XLA's half-pixel kernel may misread a row that falls exactly on an old one (tensorflow issue 118344, open)"


@pytest.mark.parametrize(
    ("resize", "old", "new"),
    [(resize, *sizes) for resize in (resize_align_corners, resize_half_pixel) for sizes in XLA_SIZES]
    + [
        (resize_align_corners, (5, 4), (9, 7)),
        pytest.param(resize_half_pixel, (5, 4), (9, 7), marks=pytest.mark.xfail(strict=True, reason=XLA_BUG)),
    ],
)
def test_xla_agrees(rng, resize, old, new):
    features = rng.standard_normal((2, *old, 3)).astype(np.float32)
    compiled = tf.function(lambda features: resize(features, new), jit_compile=True)(features)
    np.testing.assert_allclose(compiled, resize(features, new), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(6, 12), (7, 11), (1, 4), (41, 25)])
@pytest.mark.parametrize("bins", [1, 2, 3, 6])
def test_means_over_the_parts(size, bins):
    features = noise(2, *size, 3)
    pooled = np.asarray(adaptive_average_pool(tf.constant(features), bins))
    assert pooled.shape == (2, bins, bins, 3)
    for i, j in np.ndindex(bins, bins):
        rows = slice(i * size[0] // bins, int(np.ceil((i + 1) * size[0] / bins)))
        columns = slice(j * size[1] // bins, int(np.ceil((j + 1) * size[1] / bins)))
        np.testing.assert_allclose(pooled[:, i, j], features[:, rows, columns].mean((1, 2)), atol=1e-6)
