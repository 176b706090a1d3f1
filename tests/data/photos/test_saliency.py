import heapq

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.data.photos.saliency import SIDE, barrier_distance, saliency, strip_distance


def exact_range(values):
    """The least range of any path from the border, by Dijkstra's algorithm for every lowest value a path may have."""
    height, width = values.shape
    best = np.full(values.shape, np.inf)
    border = [(i, j) for i, j in np.ndindex(values.shape) if i in (0, height - 1) or j in (0, width - 1)]
    for lowest in np.unique(values):
        highest = np.full(values.shape, np.inf)  # of the path whose greatest value is least, all of it >= lowest
        heap = [(values[cell], cell) for cell in border if values[cell] >= lowest]
        while heap:
            value, (i, j) = heapq.heappop(heap)
            if value >= highest[i, j]:
                continue
            highest[i, j] = value
            for k, m in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                if 0 <= k < height and 0 <= m < width and values[k, m] >= lowest:
                    heapq.heappush(heap, (max(value, values[k, m]), (k, m)))
        best = np.minimum(best, highest - lowest)
    return best


def scene(thing=(200, 30, 30), ground=(60, 120, 60), size=(120, 180)):
    """A disc before a ground with a little noise, and where the disc is."""
    noise = np.random.default_rng(0).integers(-8, 9, (*size, 3))
    where = np.zeros(size, np.uint8)
    cv2.circle(where, (size[1] // 2, size[0] // 2), size[0] // 4, 1, -1)
    photo = np.where(where[..., None] > 0, thing, ground) + noise
    return np.clip(photo, 0, 255).astype(np.uint8), where > 0


def test_barrier_distance_is_close_to_exact(rng):
    """The scans keep one path per pixel, so they may only be too long."""
    values = cv2.GaussianBlur(rng.random((12, 15), np.float32), (0, 0), 1.5)
    found, exact = barrier_distance(values[..., None]), exact_range(values)
    assert (found >= exact - 1e-6).all()
    assert np.mean(found - exact) < 0.2 * exact.mean()
    assert not found[0].any() and not found[:, -1].any()


def test_channels_add_up(rng):
    lab = rng.random((9, 8, 3), np.float32)
    parts = [barrier_distance(lab[..., channel : channel + 1]) for channel in range(3)]
    np.testing.assert_allclose(barrier_distance(lab), sum(parts), atol=1e-6)


def test_what_has_a_strip_s_colour_is_near_to_it():
    lab = np.zeros((30, 40, 3), np.float32)
    lab[10:20, 15:25] = 80
    distance = strip_distance(lab)
    assert (distance[12:18, 17:23] > 2.9).all() and (distance[:9] < 0.1).all()


def test_a_thing_at_one_border_is_not_near_to_the_border():
    lab = np.zeros((40, 40, 3), np.float32)
    lab[20:, 10:30] = 80  # cut off by the lower border
    distance = strip_distance(lab)
    assert distance[25:, 12:28].min() > distance[:15].max() + 1


@pytest.mark.parametrize("size", [(120, 180), (700, 500)])
def test_signs_tell_a_thing_from_its_ground(size):
    photo, thing = scene(size=size)
    found = saliency(photo)
    assert found.dtype == np.float32 and found.shape == size
    assert np.mean((found > 0) == thing) > 0.97
    assert found[thing].mean() > 0.2 and found[~thing].mean() < -0.1


def test_a_mirrored_photo_has_the_mirrored_saliency_but_for_the_order_of_the_scans():
    photo, _ = scene()
    assert np.abs(saliency(photo[:, ::-1])[:, ::-1] - saliency(photo)).mean() < 0.02


def test_the_photo_does_not_change():
    photo, _ = scene()
    before = photo.copy()
    saliency(photo)
    np.testing.assert_array_equal(photo, before)


@given(height=st.integers(1, 2 * SIDE), width=st.integers(1, 2 * SIDE), level=st.integers(0, 255))
@settings(max_examples=20, deadline=None)
def test_any_size_and_a_flat_photo(height, width, level):
    flat = saliency(np.full((height, width, 3), level, np.uint8))
    np.testing.assert_array_equal(flat, np.zeros((height, width), np.float32))
    found = saliency(np.random.default_rng(level).integers(0, 256, (height, width, 3), dtype=np.uint8))
    assert found.shape == (height, width) and np.isfinite(found).all() and np.abs(found).max() <= 1
