"""Photos that look alike: how far copies of generated scenes are from each other, and how far others are."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.doctor.looks import ALIKE, alike, look_of

SCENES = Scenes(ScenesConfig(train=60, size=160))
HASHES = st.integers(0, (1 << 64) - 1)


def distance(one, other):
    return (one ^ other).bit_count()


def saved_again(image, quality):
    """As a JPEG."""
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def resized(image, factor):
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=way)


@pytest.fixture(scope="module")
def images():
    """Scenes whose textures are smoothed as a camera does it: a scene's noise has no like in photos."""
    return [cv2.GaussianBlur(SCENES.image(name), (0, 0), 1.5) for name in SCENES.names("train")]


@pytest.fixture(scope="module")
def looks(images):
    return [look_of(image) for image in images]


@pytest.mark.parametrize("change", [("quality", 95), ("quality", 75), ("quality", 50), ("size", 2), ("size", 0.5)])
def test_copies_are_near(images, looks, change):
    """Nineteen of twenty: the threshold is for few false alarms."""
    kind, value = change
    changed = [(saved_again if kind == "quality" else resized)(image, value) for image in images]
    distances = [distance(look_of(image), look) for image, look in zip(changed, looks, strict=True)]
    assert np.quantile(distances, 0.95) <= ALIKE


def test_other_scenes_are_far_and_so_is_a_mirror_image(images, looks):
    distances = [distance(one, other) for at, one in enumerate(looks) for other in looks[:at]]
    assert min(distances) > ALIKE
    mirrored = [look_of(np.ascontiguousarray(image[:, ::-1])) for image in images]
    assert min(map(distance, mirrored, looks)) > ALIKE


def test_a_photo_of_one_colour_looks_like_nothing():
    flat = np.full((300, 400, 3), 77, np.uint8)
    assert look_of(flat) is None
    assert look_of(np.clip(flat + np.random.default_rng(0).normal(0, 5, flat.shape), 0, 255).astype(np.uint8)) is None
    assert alike({"a": None, "b": None}) == [] == alike({}) == alike({"a": 1})


@given(st.lists(HASHES, max_size=6), st.data())
def test_groups_are_those_that_comparing_all_pairs_gives(seeds, data):
    hashes = list(seeds)
    for seed in seeds:
        flipped = data.draw(st.sets(st.integers(0, 63), max_size=9))
        hashes.append(seed ^ sum(1 << bit for bit in flipped))
    groups = [{number} for number in range(len(hashes))]
    for one in range(len(hashes)):
        for other in range(one):
            if distance(hashes[one], hashes[other]) <= ALIKE:
                joined = next(group for group in groups if one in group) | next(g for g in groups if other in g)
                groups = [group for group in groups if not group & joined] + [joined]
    expected = sorted(sorted(group) for group in groups if len(group) > 1)
    assert sorted(map(sorted, alike(dict(enumerate(hashes))))) == expected


def test_many_that_are_the_same():
    """Buckets of more than one block."""
    looks = {str(number): (number % 700) << 40 for number in range(1400)}
    assert sorted(map(len, alike(looks, most=0))) == [2] * 700
    assert len(alike(looks)[0]) == 1400
