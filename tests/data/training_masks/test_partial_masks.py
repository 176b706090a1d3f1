"""What benchmarks/mask_value.py draws in a person's place."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.mask_value_plot import plot
from benchmarks.partial_masks import RADIUS, points, scribbles, whole, write_partial
from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes

SCENES = Scenes(ScenesConfig(train=10, size=64))
NAMES = SCENES.names("train")


@pytest.mark.parametrize("draw", [scribbles, points])
def test_each_class_has_a_little_of_its_own_pixels(draw):
    for seed, name in enumerate(NAMES[:4]):
        mask = SCENES.mask(name).copy()
        mask[:6] = 255
        drawn = draw(mask, np.random.default_rng(seed))
        known = drawn != 255
        np.testing.assert_array_equal(drawn[known], mask[known])
        assert set(drawn[known].tolist()) == set(mask[mask != 255].tolist())
        for label in set(drawn[known].tolist()):
            if draw is points:
                assert 0 < (drawn == label).sum() <= (2 * RADIUS + 1) ** 2
            else:
                assert 0 < (drawn == label).sum() <= (mask == label).sum()
        np.testing.assert_array_equal(drawn, draw(mask, np.random.default_rng(seed)))


def test_a_larger_share_has_the_photos_of_a_smaller_one(tmp_path):
    names = {}
    for share in (0.05, 0.3, 1):
        write_partial(tmp_path / str(share), SCENES, NAMES, share, whole, seed=3)
        names[share] = {path.stem for path in (tmp_path / str(share)).iterdir()}
    assert [len(some) for some in names.values()] == [1, 3, 10] and names[0.05] < names[0.3]
    with Image.open(tmp_path / "1" / f"{NAMES[0]}.png") as mask:
        np.testing.assert_array_equal(mask, SCENES.mask(NAMES[0]))


def test_the_plot_has_every_curve():
    picture = plot({"masks": [(0, 60.0), (50, 70.0), (50, 72.0)], "one point": [(100, 66.0)]})
    assert picture.count("<circle") == 3 and ">one point<" in picture and picture.startswith("<svg ")
