import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from written_masks import brush, runs, starts

from wsfcn_tf.data.masks.run_lengths import from_brush, from_counts, from_starts

AREAS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda shape: arrays(bool, shape))


def slowly(data, height, width):
    """Label Studio's brush, bit by bit as a text."""
    bits = iter("".join(f"{byte:08b}" for byte in data))

    def take(size):
        return int("".join(next(bits) for _ in range(size)), 2)

    total, word = take(32), take(5) + 1
    sizes, values = [take(4) + 1 for _ in range(4)], []
    while len(values) < total:
        is_run = take(1)
        count = take(sizes[take(2)]) + 1
        values += [take(word)] * count if is_run else [take(word) for _ in range(count)]
    return np.reshape(values, (height, width, 4))[:, :, 3] > 0


@given(AREAS)
def test_counts_round_trip(area):
    np.testing.assert_array_equal(from_counts(runs(area), *area.shape), area)


@given(AREAS)
def test_starts_round_trip(area):
    np.testing.assert_array_equal(from_starts(starts(area), *area.shape), area)


def test_starts_count_from_one_and_down_the_columns():
    assert from_starts("2 2 6 1", 3, 4).tolist() == [
        [False, False, False, False],
        [True, False, False, False],
        [True, True, False, False],
    ]


@settings(deadline=None)
@given(AREAS)
def test_brushes_round_trip(area):
    np.testing.assert_array_equal(from_brush(bytes(brush(area)), *area.shape), area)


@settings(deadline=None)
@given(st.data(), AREAS)
def test_brushes_of_any_blocks_are_read_as_bit_by_bit(data, area):
    """As an encoder may cut them: any mixture of runs and single values, of any channels."""
    height, width = area.shape
    sizes = data.draw(st.lists(st.integers(1, 16), min_size=4, max_size=4))
    bits, total = f"{4 * area.size:032b}{7:05b}" + "".join(f"{size - 1:04b}" for size in sizes), 0
    while total < 4 * area.size:
        kind, is_run = data.draw(st.integers(0, 3)), data.draw(st.booleans())
        count = data.draw(st.integers(1, min(1 << sizes[kind], 4 * area.size - total)))
        bytes_ = data.draw(st.binary(min_size=1 if is_run else count, max_size=1 if is_run else count))
        bits += f"{int(is_run)}{kind:02b}{count - 1:0{sizes[kind]}b}" + "".join(f"{byte:08b}" for byte in bytes_)
        total += count
    bits += "0" * (-len(bits) % 8)
    packed = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    np.testing.assert_array_equal(from_brush(packed, height, width), slowly(packed, height, width))


@given(st.binary(max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_any_bytes_are_read_or_refused(data, height, width):
    try:
        assert from_brush(data, height, width).shape == (height, width)
    except ValueError as error:
        assert "brush" in str(error)


def test_what_does_not_fit():
    area = np.ones((3, 4), bool)
    with pytest.raises(ValueError, match="its brush is not that of a picture of 4x4 pixels"):
        from_brush(bytes(brush(area)), 4, 4)
    with pytest.raises(ValueError, match="cut short"):
        from_brush(bytes(brush(area))[:-1], 3, 4)
    with pytest.raises(ValueError, match="its run lengths do not add up to 4x3 pixels"):
        from_counts([3, 4], 3, 4)
    with pytest.raises(ValueError, match="do not add up"):
        from_counts([-1, 13], 3, 4)
