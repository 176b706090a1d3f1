import numpy as np
import pytest

from wsfcn_tf.data.datasets.scenes.shapes import OUTLINES, coverage


def square(low: float, high: float) -> np.ndarray:
    return np.array([(low, low), (high, low), (high, high), (low, high)])


def test_coverage_of_a_square_on_the_pixel_grid():
    expected = np.zeros((16, 16))
    expected[4:12, 4:12] = 255
    # The rasteriser counts samples on the outline as inside: at most one of the four per pixel side.
    covered = coverage([square(0.25, 0.75)], 16)
    assert np.array_equal(covered > 127, expected > 127)
    assert np.array_equal(covered[5:11, 5:11], expected[5:11, 5:11])


def test_area_of_a_disc_with_a_hole():
    angles = np.linspace(0, 2 * np.pi, 256)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    covered = coverage([0.5 + 0.4 * circle, 0.5 + 0.2 * circle], 64) / 255
    assert covered.mean() == pytest.approx(np.pi * (0.4**2 - 0.2**2), rel=0.03)
    assert covered[32, 32] == 0 and covered[32, 13] == 1


def test_what_leaves_the_picture_is_cut_off():
    assert np.all(coverage([square(-0.5, 1.5)], 8) == 255)
    assert np.all(coverage([square(1.5, 2.0)], 8) == 0)


@pytest.mark.parametrize("name", OUTLINES)
def test_outlines_fill_the_unit_circle(name):
    for seed in range(10):
        points = np.concatenate(OUTLINES[name](np.random.default_rng(seed)))
        assert 0.9 < np.hypot(*points.T).max() < 1.1
