from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsfcn_tf.config import DataConfig, ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.pipeline import training_batches
from wsfcn_tf.data.training_masks.crop_tags import tags_in_sight
from wsfcn_tf.data.training_masks.training_masks import TrainingMasks

TAGS = np.float32([1, 1, 0])
PHOTO = np.uint8([[1, 1, 0, 3], [0, 0, 0, 2]])  # an eighth is of class 2


def labels_with(count):
    """A crop of 8x8 with so many pixels of class 2, the others of class 1."""
    labels = np.ones(64, np.uint8)
    labels[:count] = 2
    return labels.reshape(8, 8)


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (3, 0), (4, 1), (64, 1)])
def test_a_tag_needs_its_share_of_the_crop(count, kept):
    assert tags_in_sight(TAGS, PHOTO, labels_with(count), 0.5)[1] == kept


def test_what_no_mask_shows_stays():
    nowhere = np.zeros((4, 4), np.uint8)
    np.testing.assert_array_equal(tags_in_sight(TAGS, nowhere, np.zeros((2, 2), np.uint8), 1.0), TAGS)


def test_what_is_known_in_part_tells_nothing():
    strokes = np.where(PHOTO == 0, 255, PHOTO).astype(np.uint8)
    np.testing.assert_array_equal(tags_in_sight(TAGS, strokes, np.full((8, 8), 255, np.uint8), 0.5), TAGS)


LABELS = st.sampled_from([0, 1, 2, 3, 255])


@given(arrays(np.uint8, (5, 6), elements=LABELS), arrays(np.uint8, (4, 4), elements=LABELS), st.floats(0, 1))
def test_no_tag_comes_new_and_the_whole_photo_shows_all(photo, view, least):
    tags = tags_in_sight(TAGS, photo, view, least)
    assert tags.dtype == np.float32 and set(tags.tolist()) <= {0.0, 1.0} and (tags <= TAGS).all()
    np.testing.assert_array_equal(tags_in_sight(TAGS, photo, photo, least), TAGS)
    np.testing.assert_array_equal(tags_in_sight(TAGS, photo, view, 0.0), TAGS)


def test_batches_have_the_tags_of_their_crops():
    config = DataConfig(
        format="scenes", crop_size=24, crop_area=(0.1, 0.3), masks="train", scenes=ScenesConfig(train=40, size=48)
    )
    scenes = Scenes(config.scenes)
    names = scenes.names("train")
    masks = TrainingMasks(scenes, config, names)

    def read(least):
        stream = replace(config, tags_in_sight=least)
        return list(training_batches(scenes, names, stream, batch_size=8, seed=3, masks=masks).as_numpy_iterator())

    dropped = 0
    for (image, all_tags, name), (same_image, some, same_name) in zip(read(0.0), read(0.5), strict=True):
        np.testing.assert_array_equal(image, same_image)
        np.testing.assert_array_equal(name, same_name)
        np.testing.assert_array_equal(all_tags["masks"], some["masks"])
        for row, photo in enumerate(name):
            np.testing.assert_array_equal(all_tags["tags"][row], scenes.tags(photo.decode()))
            expected = tags_in_sight(all_tags["tags"][row], scenes.mask(photo.decode()), some["masks"][row], 0.5)
            np.testing.assert_array_equal(some["tags"][row], expected)
            dropped += all_tags["tags"][row].sum() - expected.sum()
    assert dropped > 0
