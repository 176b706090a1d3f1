import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.inference.views import scaled


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.01, 3))
def test_sides_are_rounded_and_at_least_1(height, width, scale):
    view = scaled(np.zeros((height, width, 3), np.uint8), scale)
    assert view.dtype == np.uint8
    assert view.shape == (max(1, round(height * scale)), max(1, round(width * scale)), 3)


def test_scale_1_is_the_photo_itself():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert scaled(image, 1.0) is image
