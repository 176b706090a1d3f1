import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from wsfcn_tf.data.augmentation.bicubic import resize_bicubic


def pillow(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Columns first in every version, which Pillow itself does not promise."""
    for size in ((width, image.shape[0]), (width, height)):
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    return image


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), [(375, 500), (360, 470), (281, 333), (200, 700), (321, 500), (375, 321)])
def test_photos_equal_pillow_to_the_bit(height, width):
    image = noise(height, width)
    assert np.array_equal(resize_bicubic(image, 321, 321), pillow(image, 321, 321))


@settings(max_examples=60)
@given(*[st.integers(1, 90)] * 4)
def test_any_size_equals_pillow_to_the_bit(height, width, new_height, new_width):
    image = noise(height, width)
    result = resize_bicubic(image, new_height, new_width)
    assert result.dtype == np.uint8 and result.flags.c_contiguous
    assert np.array_equal(result, pillow(image, new_height, new_width))


def test_a_view_into_a_read_only_photo():
    photo = noise(80, 90)
    photo.setflags(write=False)
    assert np.array_equal(resize_bicubic(photo[3:70, 5:61], 40, 50), pillow(photo[3:70, 5:61], 40, 50))
