from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.inference.views import Tiling, scaled, starts


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.01, 3))
def test_sides_are_rounded_and_at_least_1(height, width, scale):
    view = scaled(np.zeros((height, width, 3), np.uint8), scale)
    assert view.dtype == np.uint8
    assert view.shape == (max(1, round(height * scale)), max(1, round(width * scale)), 3)


def test_scale_1_is_the_photo_itself():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert scaled(image, 1.0) is image


# === Tiles ===

LENGTHS = st.integers(1, 300)
TILES = st.integers(64, 96).flatmap(lambda side: st.tuples(st.just(side), st.integers(0, side // 2)))


@given(LENGTHS, TILES)
def test_tiles_cover_the_view_and_overlap(length, tile):
    side, overlap = tile
    at = starts(length, side, overlap)
    assert at[0] == 0 and at[-1] + min(side, length) == length
    assert all(first < second <= first + side - overlap for first, second in pairwise(at))


@settings(max_examples=30)
@given(LENGTHS, LENGTHS, TILES)
def test_what_is_the_same_on_every_tile_joins_seamlessly(height, width, tile):
    values = np.random.default_rng(0).random((height, width, 2), np.float32)
    tiling = Tiling(height, width, *tile)
    joined = tiling.join(iter([values[where] for where in tiling.slices()]))
    np.testing.assert_allclose(joined, values, atol=1e-6)


def test_near_the_edge_of_a_tile_only_its_neighbour_counts():
    tiling = Tiling(10, 96, 64, 32)
    tiles = [np.zeros((10, 64, 1), np.float32), np.ones((10, 64, 1), np.float32)]  # from 0 and from 32
    row = tiling.join(iter(tiles))[0, :, 0]
    np.testing.assert_array_equal(row[: 32 + 8], 0)
    np.testing.assert_array_equal(row[64 - 8 :], 1)
    assert (np.diff(row) >= 0).all() and np.diff(row).max() < 0.1


def test_without_a_side_there_is_one_tile():
    tiling = Tiling(500, 7, None, 32)
    assert len(tiling) == 1 and list(tiling.slices()) == [(slice(0, 500), slice(0, 7))]
