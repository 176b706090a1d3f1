import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from wsfcn_tf.data.masks.coco_masks import CocoObject, paint, rasterise
from wsfcn_tf.errors import UserError

HEIGHT, WIDTH = 9, 14


def thing(segmentation, label=1, crowd=False):
    return CocoObject(7, label, crowd, segmentation)


def box(left, top, right, bottom):
    return [[left, top, right, top, right, bottom, left, bottom]]


@st.composite
def boxes(draw):
    left, top = draw(st.integers(0, WIDTH - 2)), draw(st.integers(0, HEIGHT - 2))
    return left, top, draw(st.integers(left + 1, WIDTH)), draw(st.integers(top + 1, HEIGHT))


@settings(max_examples=50)
@given(st.lists(st.tuples(boxes(), st.integers(1, 80), st.booleans()), max_size=6))
def test_each_pixel_belongs_to_the_smallest_object_on_it(items):
    labels = paint([thing(box(*corners), label, crowd) for corners, label, crowd in items], HEIGHT, WIDTH)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            over = [
                ((right - left) * (bottom - top), -order, 255 if crowd else label)
                for order, ((left, top, right, bottom), label, crowd) in enumerate(items)
                if left <= x < right and top <= y < bottom
            ]
            assert labels[y, x] == (min(over)[2] if over else 0)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.5, 0.98]), st.sampled_from([(9, 14), (70, 90)]))
def test_runs_go_down_the_columns_and_may_be_compressed(seed, share, size):
    pixels = (np.random.default_rng(seed).random(size) < share).astype(np.uint8)
    changes = np.flatnonzero(np.diff(pixels.ravel("F"), prepend=0))
    counts = np.diff(changes, prepend=0, append=pixels.size).tolist()
    compressed = coco_mask.encode(np.asfortranarray(pixels))["counts"].decode()
    for runs in (counts, compressed):
        np.testing.assert_array_equal(rasterise(thing({"size": [*size], "counts": runs}), *size), pixels)


def test_a_polygon_agrees_with_opencvs_but_for_its_border():
    angles = np.sort(np.random.default_rng(1).uniform(0, 2 * np.pi, 12))
    points = np.stack([100 + 80 * np.cos(angles), 100 + 60 * np.sin(angles)], axis=1)
    ours = rasterise(thing([points.ravel().tolist()]), 200, 200)
    theirs = cv2.fillPoly(np.zeros((200, 200), np.uint8), [points.round().astype(np.int32)], 1)
    sure = cv2.dilate(theirs, np.ones((5, 5))) == cv2.erode(theirs, np.ones((5, 5)))
    np.testing.assert_array_equal(ours[sure], theirs[sure])
    assert sure.mean() > 0.9 and theirs.sum() > 5000


def test_several_polygons_are_one_object_and_a_line_is_none():
    parts = box(0, 0, 2, 2) + box(5, 5, 7, 7)
    assert rasterise(thing([*parts, [1, 1, 3, 3], [4, 4]]), HEIGHT, WIDTH).sum() == 8
    for nothing in ([], [[1, 1, 3, 3]], [[2, 2, 2, 2, 2, 2]]):
        assert not rasterise(thing(nothing), HEIGHT, WIDTH).any()


def test_a_polygon_may_leave_the_image_a_little():
    assert rasterise(thing(box(-3, -3, 4, 4)), HEIGHT, WIDTH).sum() == 16


@pytest.mark.parametrize(
    ("segmentation", "words"),
    [
        ([[0, 0, 5, 5, 0, 5, 3]], "a polygon is not a list of x, y, x, y"),
        ([[0, 0, 5, float("nan"), 0, 5]], "a polygon lies outside the image of 14x9 pixels"),
        ([[0, 0, 1e9, 5, 0, 5]], "a polygon lies outside the image of 14x9 pixels"),
        ([[[0, 0], [5, 5], [0, 5]]], "a polygon is not a list of x, y, x, y"),
        ({"size": [WIDTH, HEIGHT], "counts": [126]}, "its run lengths are for 9x14 pixels, not 14x9"),
        ({"size": [HEIGHT, WIDTH], "counts": [100]}, "its run lengths do not add up to 14x9 pixels"),
        ({"size": [HEIGHT, WIDTH], "counts": [200, -74]}, "its run lengths do not add up to 14x9 pixels"),
        ({"size": [HEIGHT, WIDTH], "counts": "~~~~"}, "'~' is not part of compressed run lengths"),
        ({"size": [HEIGHT, WIDTH], "counts": ""}, "its run lengths do not add up to 14x9 pixels"),
        ({"size": [HEIGHT, WIDTH], "counts": "ü"}, ""),
        ({"counts": [126]}, "'size'"),
        ({"size": 126, "counts": [126]}, ""),
        (None, ""),
        (["abcdef"], ""),
    ],
)
def test_broken_segmentations(segmentation, words):
    with pytest.raises(UserError, match=rf"^annotation 7: its segmentation is broken \(.*{re.escape(words)}.*\)$"):
        rasterise(thing(segmentation), HEIGHT, WIDTH)
