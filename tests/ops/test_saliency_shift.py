import numpy as np
from networks import graph

from wsfcn_tf.ops import with_saliency


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
