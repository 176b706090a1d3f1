import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from shapes import hard_labels, inside, masks

from wsfcn_tf.data.annotations.outlines import regions
from wsfcn_tf.data.annotations.polygons import joined, polygon, polygon_through_pixels, polygon_within_pixels


def drawn(points, height, width):
    """As LabelMe fills polygons."""
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).polygon([tuple(point) for point in points.tolist()], fill=1, outline=1)
    return np.array(image) > 0


def cut(points, height, width):
    """As Ultralytics fills polygons."""
    return cv2.fillPoly(np.zeros((height, width), np.uint8), points.astype(np.int32)[None], 1) > 0


WAYS = {
    "edges": (polygon, inside),
    "through pixels": (polygon_through_pixels, drawn),
    "within": (polygon_within_pixels, cut),
}


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


@given(masks())
def test_without_tolerance_nothing_is_lost(mask):
    for region in regions(mask):
        np.testing.assert_array_equal(inside(polygon(region, 0), *mask.shape), region.within(*mask.shape))
        np.testing.assert_array_equal(cut(polygon_within_pixels(region, 0), *mask.shape), region.within(*mask.shape))


@given(masks(), st.sampled_from([0.5, 1.0, 3.0]), st.sampled_from(list(WAYS)))
def test_however_small_a_region_is_little_of_it_is_lost(mask, tolerance, way):
    outline, fill = WAYS[way]
    for region in regions(mask):
        points = outline(region, tolerance)
        assert len(points) >= 3
        least = 0.9 if way == "through pixels" else 1 - 0.02 * tolerance  # Pillow may miss a pixel of its own outline
        assert iou(fill(points, *mask.shape), region.within(*mask.shape)) >= least


@pytest.mark.parametrize("way", WAYS)
def test_points_are_left_out_up_to_the_tolerance(way):
    outline, _ = WAYS[way]
    region = max(regions(hard_labels() == 1), key=lambda region: region.mask.size)
    counts = [len(outline(region, tolerance)) for tolerance in (0, 1, 4)]
    few = 1.5 if way == "within" else 3  # which has to fit two ways of filling
    assert counts[0] > few * counts[1] and counts[1] > counts[2] >= 3


def test_left_out_points_are_near():
    rows, columns = np.mgrid[:300, :300]
    (region,) = regions((rows - 150) ** 2 + (columns - 150) ** 2 < 140**2)
    points = polygon(region, 2.0)
    ring, ends = region.rings[0] + (region.left, region.top), np.roll(points, -1, axis=0)
    along = ends - points
    share = ((ring[:, None] - points) * along).sum(-1) / (along**2).sum(-1)
    nearest = points + np.clip(share, 0, 1)[..., None] * along
    assert np.linalg.norm(nearest - ring[:, None], axis=-1).min(axis=1).max() <= 2.0 + 1e-6
    assert len(points) < 40


def test_a_hole_is_reached_from_the_nearest_point():
    outline, hole = np.array([[0, 0], [9, 0], [9, 9], [0, 9]]), np.array([[7, 7], [7, 8], [8, 8], [8, 7]])
    assert joined([outline, hole]).tolist() == [
        [0, 0], [9, 0], [9, 9], [8, 8], [8, 7], [7, 7], [7, 8], [8, 8], [9, 9], [0, 9]
    ]  # fmt: skip
    assert joined([outline]) is outline


def test_what_is_within_pixels_is_read_by_edges_too():
    """Each edge lies a quarter of a pixel within the region, on the outer side of its pixels' middle."""
    mask = np.zeros((6, 7), bool)
    mask[1:4, 2:6] = True
    (region,) = regions(mask)
    points = polygon_within_pixels(region, 0)
    assert sorted(map(tuple, points.tolist())) == [(2.25, 1.25), (2.25, 3.75), (5.75, 1.25), (5.75, 3.75)]
    for region in regions(hard_labels() == 1):
        points = polygon_within_pixels(region, 0)
        np.testing.assert_array_equal(inside(points, 90, 120), region.within(90, 120))


def test_hundreds_of_holes():
    mask = np.ones((51, 51), bool)
    mask[1::3, 1::3] = False
    (region,) = regions(mask)
    assert len(region.rings) == 1 + 17 * 17
    np.testing.assert_array_equal(inside(polygon(region, 0), 51, 51), mask)
