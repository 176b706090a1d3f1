import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.data.shapes.drawing import AS_DRAWN, Drawing, Shape, box, known_labels, stroke, upright_box

SIZE = (12, 16)


def rectangle(top, bottom, left, right):
    pixels = np.zeros(SIZE, bool)
    pixels[top:bottom, left:right] = True
    return pixels


CAT, DOG = 1, 2
WHERE = rectangle(2, 9, 3, 10)
ELSEWHERE = rectangle(5, 11, 8, 15)


def test_outside_of_boxes_is_background_and_inside_nothing_is_known():
    labels = known_labels([Shape("box", WHERE, CAT)], {CAT}, SIZE)
    np.testing.assert_array_equal(labels, np.where(WHERE, 255, 0))


def test_a_class_without_a_box_may_be_anywhere():
    shapes = [Shape("box", WHERE, CAT)]
    assert (known_labels(shapes, {CAT, DOG}, SIZE) == 255).all()
    both = [*shapes, Shape("box", ELSEWHERE, DOG)]
    np.testing.assert_array_equal(known_labels(both, {CAT, DOG}, SIZE), np.where(WHERE | ELSEWHERE, 255, 0))


def test_strokes_in_boxes():
    line = rectangle(4, 5, 4, 9)
    labels = known_labels([Shape("stroke", line, CAT), Shape("box", WHERE, CAT)], {CAT}, SIZE)
    np.testing.assert_array_equal(labels, np.where(line, CAT, np.where(WHERE, 255, 0)))


def test_strokes_alone_leave_all_else_unknown():
    line, ground = rectangle(4, 5, 4, 9), rectangle(0, 1, 0, 16)
    labels = known_labels([Shape("stroke", line, CAT), Shape("stroke", ground, 0)], {CAT}, SIZE)
    np.testing.assert_array_equal(labels, np.where(line, CAT, np.where(ground, 0, 255)))


def test_areas_are_whole_unless_their_class_has_strokes_too():
    areas = [Shape("area", WHERE, CAT), Shape("area", ELSEWHERE, DOG)]
    whole = np.where(ELSEWHERE, DOG, np.where(WHERE, CAT, 0))
    np.testing.assert_array_equal(known_labels(areas, {CAT, DOG}, SIZE), whole)
    line = rectangle(0, 1, 0, 4)
    partial = known_labels([*areas, Shape("stroke", line, CAT)], {CAT, DOG}, SIZE)
    np.testing.assert_array_equal(partial, np.where(line, CAT, np.where(whole > 0, whole, 255)))
    ground = known_labels([*areas, Shape("stroke", line, 0)], {CAT, DOG}, SIZE)
    np.testing.assert_array_equal(ground, whole)


def test_what_is_not_covered_can_be_unknown():
    areas = [Shape("area", WHERE, CAT)]
    labels = known_labels(areas, {CAT}, SIZE, Drawing(uncovered="unknown"))
    np.testing.assert_array_equal(labels, np.where(WHERE, CAT, 255))


def test_what_is_to_be_ignored_is_unknown():
    shapes = [Shape("area", WHERE, CAT), Shape("area", ELSEWHERE, 255)]
    labels = known_labels(shapes, {CAT}, SIZE)
    np.testing.assert_array_equal(labels, np.where(ELSEWHERE, 255, np.where(WHERE, CAT, 0)))


shapes_ = st.lists(
    st.builds(
        Shape,
        st.sampled_from(["area", "box", "stroke"]),
        st.builds(lambda top, left: rectangle(top, top + 4, left, left + 5), st.integers(0, 8), st.integers(0, 11)),
        st.sampled_from([0, 1, 2, 255]),
    ),
    max_size=5,
)


@given(shapes=shapes_, tagged=st.sets(st.integers(1, 2)))
def test_nothing_is_known_but_from_a_shape(shapes, tagged):
    """Background that nobody drew is outside of every area and box; a class is where it was drawn."""
    labels = known_labels(shapes, tagged, SIZE)
    for label in (1, 2):
        drawn = np.logical_or.reduce(
            [s.pixels for s in shapes if s.label == label and s.kind != "box"] or [WHERE & ~WHERE]
        )
        assert not (labels == label)[~drawn].any()
    bounding = [s.pixels for s in shapes if s.kind != "stroke" and s.label != 0] or [WHERE & ~WHERE]
    ground = [s.pixels for s in shapes if s.label == 0] or [WHERE & ~WHERE]
    assert not ((labels == 0) & np.logical_or.reduce(bounding) & ~np.logical_or.reduce(ground)).any()


@given(radius=st.integers(0, 4), row=st.integers(0, 11), column=st.integers(0, 15))
def test_a_point_is_a_disc(radius, row, column):
    """To half a pixel, by distances of pixels' centres."""
    found = stroke([(column + 0.5, row + 0.5)], SIZE, radius)
    rows, columns = np.indices(SIZE)
    distance = np.hypot(rows - row, columns - column)
    assert found[distance <= radius - 0.5].all() and found[row, column]
    assert not found[distance > radius + 0.5 + 1e-6].any()


def test_a_line_is_as_wide_as_a_point():
    found = stroke([(2.5, 6.5), (12.5, 6.5)], SIZE, 2)
    np.testing.assert_array_equal(found[:, 7], np.abs(np.arange(12) - 6) <= 2)
    assert found[6, 0] and found[6, 14] and not found[6, 15]


def test_boxes_cover_each_pixel_that_they_touch():
    np.testing.assert_array_equal(upright_box(3, 2, 10, 9, SIZE), upright_box(10, 9, 3, 2, SIZE))
    found = upright_box(3, 2, 10, 9, SIZE)
    assert found[2:9, 3:10].all() and not found[:1].any() and not found[:, 12:].any()


def test_a_turned_box():
    found = box([(8, 1), (12, 5), (8, 9), (4, 5)], SIZE)
    rows, columns = np.indices(SIZE) + 0.5
    inside = np.abs(rows - 5) + np.abs(columns - 8)
    assert found[inside <= 4].all() and not found[inside > 6].any()


@pytest.mark.parametrize("points", [[], [(1.0, np.nan)], [(1e9, 0)]])
def test_points_that_are_none(points):
    with pytest.raises(ValueError, match="its points are not pairs of numbers within a picture"):
        stroke(points, SIZE, AS_DRAWN.radius)
    with pytest.raises(ValueError, match="its corners are not four pairs"):
        box([(0, 0), (1, 1), *points], SIZE)
