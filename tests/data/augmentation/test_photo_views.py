import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.augmentation.photo_views import augment, central_view, jitter_colours, random_crop_box

WHOLE = DataConfig(crop_size=16, crop_area=(1.0, 1.0), crop_ratio=(1.0, 1.0), jitter=(0, 0, 0, 0), flip=False)
PHOTO = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def antialiased_bicubic(size: int, new_size: int) -> np.ndarray:
    """The matrix [new_size,size] of an antialiased bicubic resize, a = -0.5."""
    scale = max(size / new_size, 1)
    centres = (np.arange(new_size)[:, None] + 0.5) * size / new_size
    x = np.abs((np.arange(size) + 0.5 - centres) / scale)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0))
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("size", [16, 24, 50])
def test_resize_is_pils_bicubic(size):
    config = DataConfig(**{**vars(WHOLE), "crop_size": size})
    matrix = antialiased_bicubic(32, size)
    expected = np.clip(np.einsum("ih,jw,hwc->ijc", matrix, matrix, PHOTO), 0, 255)
    view, *_ = augment(PHOTO, np.random.default_rng(0), config)
    assert view.dtype == np.uint8 and view.shape == (size, size, 3)
    # Pillow rounds and clips to 8 bits between its two passes.
    assert np.abs(view - expected).mean() < 0.5
    assert np.mean(np.abs(view - expected) <= 1.5) > 0.97


def test_nothing_changes_with_everything_off():
    config = DataConfig(**{**vars(WHOLE), "crop_size": 32})
    assert np.array_equal(augment(PHOTO, np.random.default_rng(3), config)[0], PHOTO)


def test_half_of_the_views_are_mirrored():
    config = DataConfig(**{**vars(WHOLE), "crop_size": 32, "flip": True})
    views = [augment(PHOTO, np.random.default_rng(seed), config)[0] for seed in range(200)]
    mirrored = [np.array_equal(view, PHOTO[:, ::-1]) for view in views]
    assert all(flipped or np.array_equal(view, PHOTO) for view, flipped in zip(views, mirrored))
    assert 70 < sum(mirrored) < 130


def test_pixels_outside_the_crop_have_no_influence():
    """As in the release, which crops first and then resizes: a resize with a box would look over the edge."""
    config = DataConfig(**{**vars(WHOLE), "crop_area": (0.25, 0.25)})
    top, left, height, width = random_crop_box(32, 32, np.random.default_rng(5), (0.25, 0.25), (1.0, 1.0))
    assert (height, width) == (16, 16) and (top, left) != (0, 0)
    view, *_ = augment(PHOTO, np.random.default_rng(5), config)
    assert np.array_equal(view, PHOTO[top : top + 16, left : left + 16])


@given(height=st.integers(1, 300), width=st.integers(1, 300), seed=st.integers(0, 2**32))
def test_crops_lie_within_the_photo(height, width, seed):
    top, left, h, w = random_crop_box(height, width, np.random.default_rng(seed), (0.1, 1.0), (0.5, 2.0))
    assert 0 <= top <= top + h <= height and 0 <= left <= left + w <= width
    assert h > 0 and w > 0


def test_areas_and_ratios_are_spread_as_asked():
    boxes = np.array([random_crop_box(400, 400, np.random.default_rng(s), (0.2, 0.4), (0.5, 2.0)) for s in range(1000)])
    top, left, height, width = boxes.T
    areas, log_ratios = height * width / 400**2, np.log2(width / height)
    assert areas.min() == pytest.approx(0.2, abs=0.005) and areas.max() == pytest.approx(0.4, abs=0.005)
    assert areas.mean() == pytest.approx(0.3, abs=0.01)
    assert log_ratios.min() == pytest.approx(-1, abs=0.02) and log_ratios.max() == pytest.approx(1, abs=0.02)
    assert log_ratios.mean() == pytest.approx(0, abs=0.06)
    assert np.mean(top / (400 - height)) == pytest.approx(0.5, abs=0.04)
    assert np.mean(left / (400 - width)) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(1000, 10, (493, 0, 13, 10)), (10, 1000, (0, 493, 10, 13)), (90, 100, (0, 0, 90, 100))],
)
def test_largest_central_crop_where_none_fits(height, width, expected):
    assert random_crop_box(height, width, np.random.default_rng(0), (2.0, 2.0), (3 / 4, 4 / 3)) == expected


def luma(image: np.ndarray) -> np.ndarray:
    """ITU-R 601-2, as Pillow's mode L."""
    return np.round(image @ np.array([0.299, 0.587, 0.114]))


@pytest.mark.parametrize(
    ("part", "degenerate"),
    [
        (0, lambda image: np.zeros_like(image)),
        (1, lambda image: np.full_like(image, np.round(luma(image).mean()))),
        (2, lambda image: luma(image)[..., None].repeat(3, -1)),
    ],
    ids=["brightness", "contrast", "saturation"],
)
@pytest.mark.parametrize("seed", range(4))
def test_blending_with_black_mean_grey_and_grey(part, degenerate, seed):
    strengths = np.eye(4)[part] * 0.8
    view = jitter_colours(PHOTO, np.random.default_rng(seed), tuple(strengths))
    rng = np.random.default_rng(seed)
    rng.permutation(4)
    factor = rng.uniform(0.2, 1.8)
    other = degenerate(PHOTO.astype(float))
    expected = np.clip(other + factor * (PHOTO - other), 0, 255)
    np.testing.assert_allclose(view, expected, atol=2.5)


def test_order_of_the_changes_is_drawn():
    """Contrast after brightness is not brightness after contrast; both have to occur, each with its own factors."""
    strengths, image = (0.9, 0.9, 0, 0), PHOTO // 2 + 120
    in_order = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        order = [part for part in rng.permutation(4) if part < 2]
        expected = np.array(image, float)
        for part in order:
            other = 0 if part == 0 else np.round(luma(expected).mean())
            expected = np.clip(other + rng.uniform(0.1, 1.9) * (expected - other), 0, 255)
        view = jitter_colours(image, np.random.default_rng(seed), strengths)
        np.testing.assert_allclose(view, expected, atol=4)
        in_order.append(order == [0, 1])
    assert 5 < sum(in_order) < 25


def test_release_settings_are_a_function_of_the_generator():
    config = DataConfig(crop_size=16)
    first, again, other = (augment(PHOTO, np.random.default_rng(seed), config)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_cue_moves_with_its_photo():
    """A photo whose red channel is the cue: the views are equal up to how they are resized."""
    ramp = (np.mgrid[:64, :48].sum(0) * 2).astype(np.uint8)
    photo, cue = np.dstack([ramp] * 3), ramp.astype(np.float32)
    config = DataConfig(crop_size=32, crop_area=(0.2, 0.9), jitter=(0, 0, 0, 0))
    seen = []
    for seed in range(20):
        view, moved, _ = augment(photo, np.random.default_rng(seed), config, cue)
        assert moved.dtype == np.float32 and moved.shape == (32, 32)
        np.testing.assert_allclose(moved, view[..., 0], atol=3)
        seen.append(moved)
    mirrored = [view[0, 0] > view[0, -1] for view in seen]
    assert 4 < sum(mirrored) < 16
    view, moved, _ = central_view(photo, config, cue)
    np.testing.assert_allclose(moved, view[..., 0], atol=3)


def test_a_cue_changes_no_photo():
    config = DataConfig(crop_size=16)
    with_cue, without = (augment(PHOTO, np.random.default_rng(4), config, cue)[0] for cue in (np.ones((32, 32)), None))
    assert np.array_equal(with_cue, without)
