import numpy as np
import pytest
from networks import noise, randomise

from wsfcn_tf.models.fusion.sf2 import SF2, Alignment
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


@pytest.mark.parametrize("training", [False, True])
def test_equations(training):
    inputs = [noise(2, 8, 6, 4), noise(2, 4, 3, 8)]
    fusion = SF2(8)
    fusion(inputs, training=False)
    randomise(fusion)

    def e(name, features):
        return np.asarray(getattr(fusion.paths, name)(features, training=training))

    h1, v1 = e("shallow1", inputs[0]), e("deep1", fusion.alignment(inputs))
    f = e("shallow2", h1) * e("deep2", v1)
    expected = e("shallow4", e("shallow3", f) + h1), e("deep4", e("deep3", f) + v1)
    for output, value in zip(fusion(inputs, training=training), expected):
        np.testing.assert_allclose(output, value, atol=1e-4)


def test_eight_convolutions_with_zero_biases():
    fusion = SF2(8)
    fusion.build([(None, None, None, 4), (None, None, None, 8)])
    biases = [weight for weight in fusion.weights if weight.name.split("/")[-1].startswith("bias")]
    assert len(biases) == 8
    assert not any(np.asarray(bias).any() for bias in biases)
