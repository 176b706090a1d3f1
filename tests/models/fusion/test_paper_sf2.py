import numpy as np
import pytest
import tensorflow as tf
from networks import noise, randomise

from wsfcn_tf.models.fusion.paper_sf2 import PaperSF2, offset_positions
from wsfcn_tf.ops import resize_align_corners, sample_bilinear


@pytest.mark.parametrize("sizes", [((9, 7), (5, 4)), ((8, 6), (4, 3))])
def test_equation_12_by_hand(sizes):
    """high((p + offset) / 2), bilinear, its border going on."""
    (height, width), (rows, columns) = sizes
    high = noise(1, rows, columns, 2)
    offset = np.random.default_rng(0).uniform(-3, 3, (1, height, width, 2)).astype(np.float32)
    sampled = np.asarray(sample_bilinear(tf.constant(high), offset_positions(offset, tf.constant([rows, columns]))))
    for i, j in np.ndindex(height, width):
        y = np.clip((i + offset[0, i, j, 1]) / 2, 0, rows - 1)
        x = np.clip((j + offset[0, i, j, 0]) / 2, 0, columns - 1)
        top, left = min(int(y), rows - 2), min(int(x), columns - 2)
        a, b = y - top, x - left
        expected = (1 - a) * ((1 - b) * high[0, top, left] + b * high[0, top, left + 1]) + a * (
            (1 - b) * high[0, top + 1, left] + b * high[0, top + 1, left + 1]
        )
        np.testing.assert_allclose(sampled[0, i, j], expected, atol=1e-5)


def test_equations_7_8_and_11():
    low, high = noise(2, 9, 7, 4), noise(2, 5, 4, 6)
    fusion = PaperSF2(8)
    fusion.build([(None, None, None, 4), (None, None, None, 6)])
    randomise(fusion)
    coarse = resize_align_corners(high, (9, 7))
    offset = fusion.offset(np.concatenate([coarse, low], -1), training=False)
    assert offset.shape == (2, 9, 7, 2)
    up = sample_bilinear(tf.constant(high), offset_positions(offset, tf.constant([5, 4])))
    deep, shallow = fusion.inner_deep(up, training=False), fusion.inner_shallow(low, training=False)
    expected = (
        fusion.outer_shallow(shallow + deep * shallow, training=False),
        fusion.outer_deep(deep + deep * shallow, training=False),
    )
    for output, value in zip(fusion([low, high], training=False), expected):
        np.testing.assert_allclose(output, value, atol=1e-4)


def test_one_pixel():
    fusion = PaperSF2(8)
    fusion.build([(None, None, None, 4), (None, None, None, 6)])
    for output in fusion([noise(1, 1, 1, 4), noise(1, 1, 1, 6)], training=False):
        assert np.isfinite(output).all()
