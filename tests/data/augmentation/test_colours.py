import colorsys

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from wsfcn_tf.data.augmentation import colours

# every 5th level of each channel, and noise: greys, ties between channels and all sixths of the hue's circle
GRID = np.stack(np.meshgrid(*[np.arange(0, 256, 5, dtype=np.uint8)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
NOISE = np.random.default_rng(0).integers(0, 256, (60000, 3), dtype=np.uint8)
COLOURS = np.concatenate([GRID, NOISE])[None]  # uint8 [1,N,3]


def changed(change, argument, image=COLOURS):
    planes = np.ascontiguousarray(image.reshape(-1, 3).T)
    change(planes, argument)
    return planes.T.reshape(image.shape)


@pytest.mark.parametrize("factor", [0.0, 0.3, 0.7, 0.9237, 1.0, 1.1, 1.3, 2.5])
@pytest.mark.parametrize(
    ("change", "enhancer"),
    [
        (colours.change_brightness, ImageEnhance.Brightness),
        (colours.change_contrast, ImageEnhance.Contrast),
        (colours.change_saturation, ImageEnhance.Color),
    ],
)
def test_blends_equal_pillow_to_the_bit(change, enhancer, factor):
    expected = np.asarray(enhancer(Image.fromarray(COLOURS)).enhance(factor))
    assert np.array_equal(changed(change, factor), expected)


@pytest.mark.parametrize("turns", [-0.5, -0.1, -0.003, 0.0, 0.05, 0.0999, 1 / 3, 0.5])
def test_hue_equals_torchvision_s_on_pillow_to_the_bit(turns):
    hue, saturation, value = Image.fromarray(COLOURS).convert("HSV").split()
    hue = hue.point([(level + int(turns * 255)) % 256 for level in range(256)])
    expected = np.asarray(Image.merge("HSV", (hue, saturation, value)).convert("RGB"))
    assert np.array_equal(changed(colours.shift_hue, turns), expected)


@pytest.mark.parametrize("turns", [-0.5, -0.1, 0.0, 0.1, 1 / 3])
def test_hue_is_shifted_on_the_colour_circle(turns):
    image = np.array([[(220, 40, 40), (30, 200, 90), (60, 60, 240), (128, 128, 128)]], np.uint8)
    shifted = changed(colours.shift_hue, turns, image)
    for before, after in zip(image[0] / 255, shifted[0] / 255):
        hue, saturation, value = colorsys.rgb_to_hsv(*before)
        np.testing.assert_allclose(after, colorsys.hsv_to_rgb((hue + turns) % 1, saturation, value), atol=0.03)
