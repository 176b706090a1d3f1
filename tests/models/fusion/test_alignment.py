import numpy as np
import pytest
from networks import noise, randomise

from wsfcn_tf.models.fusion.alignment import Alignment
from wsfcn_tf.ops import grid_positions, resize_align_corners, resize_half_pixel, sample_bilinear


def test_without_flow_it_is_an_align_corners_resize():
    low, high = noise(2, 9, 7, 4), noise(2, 5, 4, 6)
    alignment = Alignment(3)
    alignment([low, high])
    alignment.flow.kernel.assign(np.zeros(alignment.flow.kernel.shape))
    np.testing.assert_allclose(alignment([low, high]), resize_align_corners(high, (9, 7)), atol=1e-5)


@pytest.mark.parametrize("sizes", [((9, 7), (5, 4)), ((8, 6), (4, 3)), ((1, 1), (1, 1))])
def test_flow_comes_from_both_projections_deep_first(sizes):
    low, high = noise(2, *sizes[0], 4), noise(2, *sizes[1], 6)
    alignment = Alignment(3)
    alignment([low, high])
    randomise(alignment)
    deep = resize_half_pixel(high @ np.asarray(alignment.project_high.kernel)[0, 0], sizes[0])
    shallow = low @ np.asarray(alignment.project_low.kernel)[0, 0]
    flow = alignment.flow(np.concatenate([deep, shallow], axis=-1))
    expected = sample_bilinear(high, grid_positions(flow))
    np.testing.assert_allclose(alignment([low, high]), expected, atol=1e-5)
