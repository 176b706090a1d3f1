import numpy as np
import pytest

from wsfcn_tf.data.datasets.scenes.shapes import OUTLINES
from wsfcn_tf.data.datasets.scenes.textures import BACKGROUNDS, CLASS_TEXTURES

Y, X = (np.mgrid[:96, :96] + 0.5) / 96


def test_every_class_has_its_texture():
    assert list(CLASS_TEXTURES) == list(OUTLINES)


@pytest.mark.parametrize("name", CLASS_TEXTURES)
def test_class_textures_vary_within_bounds(name):
    field = CLASS_TEXTURES[name](2 * X - 1, 2 * Y - 1)
    assert field.min() >= 0 and field.max() <= 1
    assert 0.05 < field.mean() < 0.95 and field.std() > 0.2


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_backgrounds_vary_within_bounds(background):
    for seed in range(20):
        field = background(np.random.default_rng(seed), X, Y)
        assert field.shape == (96, 96)
        assert field.min() >= 0 and field.max() <= 1 and field.std() > 0.05
