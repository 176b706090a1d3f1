import numpy as np
import pytest

from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.errors import UserError

SCENES = Scenes(ScenesConfig(train=120, val=60))


def test_names_of_the_splits():
    assert SCENES.names("train")[:2] == ["train_0000", "train_0001"]
    assert len(SCENES.names("train")) == 120
    assert SCENES.names("val")[-1] == "val_0059"


def test_unknown_split():
    with pytest.raises(UserError, match=r"^the embedded scenes have the splits train and val, but not 'test'$"):
        SCENES.names("test")


def test_scenes_are_the_same_on_every_machine():
    """Written down once. If this fails, every figure measured on the scenes has to be measured again."""
    counts = sum(np.bincount(SCENES.mask(name).ravel(), minlength=7) for name in SCENES.names("train")[:20])
    assert counts.tolist() == [148472, 12613, 8282, 2223, 5539, 5515, 1676]
    means = np.mean([SCENES.image(name).mean(axis=(0, 1)) for name in SCENES.names("train")[:20]], axis=0)
    np.testing.assert_allclose(means, [122.346, 123.206, 119.786], atol=0.05)


def test_a_scene_does_not_depend_on_what_was_asked_before():
    other = Scenes(ScenesConfig(train=7))
    assert np.array_equal(SCENES.image("train_0005"), other.image("train_0005"))
    assert np.array_equal(SCENES.image("train_0005"), other.image("train_0005"))


def test_splits_and_seeds_give_different_scenes():
    first = SCENES.image("train_0000")
    assert not np.array_equal(first, SCENES.image("val_0000"))
    assert not np.array_equal(first, Scenes(ScenesConfig(seed=1)).image("train_0000"))


@pytest.mark.parametrize("split", ["train", "val"])
def test_tags_are_the_classes_in_the_mask_and_each_is_visible(split):
    for name in SCENES.names(split):
        shares = np.bincount(SCENES.mask(name).ravel(), minlength=7) / 96**2
        tags = SCENES.tags(name)
        assert tags.shape == (6,) and tags.dtype == np.float32
        assert np.array_equal(tags, shares[1:] > 0)
        assert 1 <= tags.sum() <= 3
        assert shares[1:][tags == 1].min() >= 0.02
        assert shares[0] > 0.2


def test_every_class_and_every_number_of_tags_occurs():
    tags = np.array([SCENES.tags(name) for name in SCENES.names("val")])
    assert tags.sum(axis=0).min() >= 5
    assert set(tags.sum(axis=1)) == {1, 2, 3}


@pytest.mark.parametrize("size", [32, 97, 192])
def test_size_changes_the_resolution_only(size):
    scenes = Scenes(ScenesConfig(size=size))
    image, mask = scenes.image("train_0003"), scenes.mask("train_0003")
    assert image.shape == (size, size, 3) and image.dtype == np.uint8
    assert mask.shape == (size, size) and mask.dtype == np.uint8
    nearest = (np.arange(size) + 0.5) * 96 // size
    reference = SCENES.mask("train_0003")[np.ix_(nearest.astype(int), nearest.astype(int))]
    assert np.mean(mask == reference) > 0.95


def test_a_side_too_small_for_the_objects():
    with pytest.raises(UserError, match=r"^data.scenes.size: 31 is too small for six classes: use 32 or more$"):
        Scenes(ScenesConfig(size=31))


def test_colour_alone_does_not_tell_the_classes_apart():
    """Even a table from colour to label that was fitted to the masks themselves fails on half of the objects' area."""

    def colours_and_labels(split: str) -> tuple[np.ndarray, np.ndarray]:
        colours = np.stack([SCENES.image(name) for name in SCENES.names(split)]) // 32
        return colours @ np.array([64, 8, 1]), np.stack([SCENES.mask(name) for name in SCENES.names(split)])

    colours, labels = colours_and_labels("train")
    table = np.zeros((512, 7))
    np.add.at(table, (colours.ravel(), labels.ravel()), 1)
    colours, labels = colours_and_labels("val")
    objects = labels > 0
    assert np.mean(table.argmax(axis=1)[colours][objects] == labels[objects]) < 0.5
