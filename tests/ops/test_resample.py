from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf
from networks import graph

from wsfcn_tf.ops import grid_positions, sample_bilinear
from wsfcn_tf.ops.resample import interpolate_bilinear

has_tfa = find_spec("tensorflow_addons") is not None
needs_tfa = pytest.mark.skipif(not has_tfa, reason="there is no TensorFlow Addons for this TensorFlow")

BACKENDS = ["tf", pytest.param("tfa", marks=needs_tfa)]
SIZES = [(5, 7), (2, 2), (1, 4), (1, 1)]


def positions_of(rng, kind, size):
    """Normalised positions [2, 6, 8, 2] of one kind."""
    shape = (2, 6, 8, 2)
    if kind == "anywhere":
        return rng.uniform(-1.7, 1.7, shape).astype(np.float32)
    if kind == "far outside":
        return (rng.uniform(5, 1e6, shape) * rng.choice([-1, 1], shape)).astype(np.float32)
    # exactly on pixels, the ring outside the map included
    height, width = size
    pixels = np.stack([rng.integers(-1, width + 1, shape[:-1]), rng.integers(-1, height + 1, shape[:-1])], axis=-1)
    return (2 * pixels / np.maximum([width - 1, height - 1], 1) - 1).astype(np.float32)


KINDS = ["anywhere", "far outside", "on pixels"]


def grid_sample(features, positions):
    """Bilinear reading pixel by pixel; whatever is outside counts as zero."""
    _, height, width, channels = features.shape
    out = np.zeros((*positions.shape[:3], channels))
    for b, i, j in np.ndindex(positions.shape[:3]):
        x, y = (positions[b, i, j].astype(np.float64) + 1) / 2 * [width - 1, height - 1]
        left, top = np.floor([x, y]).astype(int)
        for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            if 0 <= row < height and 0 <= column < width:
                out[b, i, j] += (1 - abs(y - row)) * (1 - abs(x - column)) * features[b, row, column]
    return out


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_reads_zero_outside(rng, backend, kind, size):
    features = rng.standard_normal((2, *size, 3)).astype(np.float32)
    positions = positions_of(rng, kind, size)
    sampled = sample_bilinear(features, positions, backend)
    np.testing.assert_allclose(sampled, grid_sample(features, positions), atol=1e-5, rtol=0)


def test_identity_positions_read_the_map_itself(rng):
    features = rng.standard_normal((1, 5, 7, 3)).astype(np.float32)
    np.testing.assert_allclose(
        sample_bilinear(features, grid_positions(np.zeros((1, 5, 7, 2)))), features, atol=1e-5, rtol=0
    )


def test_keeps_the_features_dtype(rng):
    features = tf.constant(rng.standard_normal((1, 5, 7, 3)), tf.float16)
    assert sample_bilinear(features, np.zeros((1, 2, 2, 2), np.float32)).dtype == tf.float16


def test_auto_is_tfa_where_there_is_one(rng):
    features, positions = (
        rng.standard_normal((1, 5, 7, 3)).astype(np.float32),
        positions_of(rng, "anywhere", (5, 7))[:1],
    )
    expected = sample_bilinear(features, positions, "tfa" if has_tfa else "tf")
    np.testing.assert_array_equal(sample_bilinear(features, positions), expected)


def test_no_function_within_a_function():
    """TensorFlow Addons' is one, which AutoGraph rewrites anew in each process."""
    specs = [tf.TensorSpec([1, None, None, 3]), tf.TensorSpec([1, 4, 5, 2])]
    traced = graph(sample_bilinear, input_signature=specs).get_concrete_function()
    assert not [op for op in traced.graph.get_operations() if "PartitionedCall" in op.type]


@pytest.mark.skipif(has_tfa, reason="TensorFlow Addons is installed")
def test_tfa_must_be_installed():
    with pytest.raises(ImportError, match=r"backend 'tfa' needs tensorflow-addons, .*; use 'tf'"):
        sample_bilinear(np.zeros((1, 2, 2, 1), np.float32), np.zeros((1, 1, 1, 2), np.float32), "tfa")


# === Gradients ===


def value_and_gradients(function, *inputs):
    inputs = [tf.constant(value) for value in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
        total = tf.reduce_sum(value * np.random.default_rng(1).standard_normal(value.shape))
    return [value, *(tf.convert_to_tensor(gradient) for gradient in tape.gradient(total, inputs))]


@needs_tfa
@pytest.mark.parametrize("kind", KINDS)
def test_twin_equals_tfa(rng, kind):
    features = rng.standard_normal((2, 5, 7, 3)).astype(np.float32)
    positions = positions_of(rng, kind, (5, 7))
    ours, theirs = (
        value_and_gradients(partial(sample_bilinear, backend=backend), features, positions) for backend in ("tf", "tfa")
    )
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, atol=1e-5, rtol=1e-5)


@needs_tfa
def test_twin_equals_tfa_on_integer_and_border_queries(rng):
    from tensorflow_addons.image import interpolate_bilinear as tfa_interpolate_bilinear

    grid = rng.standard_normal((1, 4, 5, 2)).astype(np.float32)
    query = np.stack(np.meshgrid(np.arange(-1, 6), np.arange(-1, 7), indexing="ij"), axis=-1)
    query = query.reshape(1, -1, 2).astype(np.float32)
    ours, theirs = (value_and_gradients(f, grid, query) for f in (interpolate_bilinear, tfa_interpolate_bilinear))
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one, other, atol=1e-5, rtol=1e-5)


def test_gradients_of_the_twin(rng):
    """Bilinear in features and, within a cell, in each coordinate: central differences are exact but for rounding."""
    features = rng.standard_normal((1, 4, 5, 2))
    positions = (rng.integers(0, 3, (1, 2, 3, 2)) + rng.uniform(0.2, 0.8, (1, 2, 3, 2))) / [4, 3] * 2 - 1

    def total(features, positions):
        return tf.reduce_sum(sample_bilinear(features, positions, "tf") ** 2)

    inputs = [features.astype(np.float32), positions.astype(np.float32)]
    computed, estimated = tf.test.compute_gradient(total, inputs, delta=1e-2)
    for gradient, estimate in zip(computed, estimated):
        np.testing.assert_allclose(gradient, estimate, atol=2e-3 * np.abs(estimate).max(), rtol=0)


def test_coordinate_gradient_of_the_twin_is_zero_on_pixels(rng):
    grid = rng.standard_normal((1, 4, 5, 2)).astype(np.float32)
    query = np.array([[[1, 2], [0, 0], [2, 3]]], np.float32)
    _, _, gradient = value_and_gradients(interpolate_bilinear, grid, query)
    assert not np.asarray(gradient).any()


# === Positions ===


@pytest.mark.parametrize("size", [(4, 6), (3, 2)])
def test_grid_positions(rng, size):
    height, width = size
    flow = rng.standard_normal((2, height, width, 2)).astype(np.float32)
    expected = np.empty_like(flow)
    for i, j in np.ndindex(size):
        expected[:, i, j, 0] = -1 + 2 * j / (width - 1) + flow[:, i, j, 0] / width
        expected[:, i, j, 1] = -1 + 2 * i / (height - 1) + flow[:, i, j, 1] / height
    np.testing.assert_allclose(grid_positions(flow), expected, atol=1e-6, rtol=0)
