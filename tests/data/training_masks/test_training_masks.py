from dataclasses import replace

import numpy as np
import pytest

from wsfcn_tf.config import DataConfig, ScenesConfig
from wsfcn_tf.data.augmentation.photo_views import augment
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.data.pipeline import training_batches, user_errors
from wsfcn_tf.data.training_masks.known_mask import AGREE
from wsfcn_tf.data.training_masks.training_masks import TrainingMasks, open_training_masks
from wsfcn_tf.errors import UserError

CONFIG = DataConfig(format="scenes", crop_size=24, masks="train", scenes=ScenesConfig(train=10, size=32))
TRUE = Scenes(CONFIG.scenes)
NAMES = TRUE.names("train")
NAME = NAMES[1]


class SomeMasked(Scenes):
    """Scenes with these masks alone; of those in `untagged`, no tags are known."""

    def __init__(self, masks, untagged=()):
        super().__init__(CONFIG.scenes)
        self._masks, self._untagged = masks, untagged

    def training_mask(self, name, drawing):
        return self._masks.get(name)

    def tags(self, name):
        if name in self._untagged:
            raise UserError(f"{name}: its tags are not known")
        return super().tags(name)


def partial(name):
    mask = TRUE.mask(name).copy()
    mask[:20] = 255
    return mask


def opened(masks, config=CONFIG, names=NAMES, **options):
    return TrainingMasks(SomeMasked(masks, **options), config, names)


def refusal(*arguments, **options):
    with pytest.raises(UserError) as error:
        opened(*arguments, **options)
    return str(error.value)


# === The data folder's ===


def test_what_there_is():
    masks = opened({NAMES[0]: TRUE.mask(NAMES[0]), NAME: partial(NAME), NAMES[2]: np.full((32, 32), 255, np.uint8)})
    np.testing.assert_array_equal(masks.mask(NAME).labels, partial(NAME))
    assert masks.mask(NAMES[2]) is None and masks.mask(NAMES[3]) is None
    np.testing.assert_array_equal(masks.has_mask(), [True, True] + 8 * [False])
    words = "masks of 10 training photos: 1 complete, 1 partial (37.5 % of their pixels known), 8 without"
    assert masks.notes == [words]


def test_without_leave_no_mask_is_opened():
    assert open_training_masks(object(), replace(CONFIG, masks="never"), NAMES) is None


def test_tags_follow_from_a_complete_mask():
    masks = opened({NAME: TRUE.mask(NAME)}, untagged=[NAME])
    np.testing.assert_array_equal(masks.tags(NAME), TRUE.tags(NAME))
    assert refusal({NAME: partial(NAME)}, untagged=[NAME]) == f"{NAME}: its tags are not known"


def other_class(name):
    """A class, counted from 0, that a scene does not hold."""
    return int(np.flatnonzero(TRUE.tags(name) == 0)[0])


def test_a_mask_that_holds_an_untagged_class():
    wrong = {name: np.full((32, 32), 1 + other_class(name), np.uint8) for name in NAMES[1:3]}
    held = TRUE.class_names[other_class(NAME)]
    assert refusal(wrong) == (
        f"data.masks: 2 masks hold a class that the photo is not tagged with ({NAME}: {held}): add the tag or mend the "
        "mask; doctor names all such photos"
    )


def test_a_complete_mask_that_lacks_a_tagged_class():
    tagged = ", ".join(name for name, tag in zip(TRUE.class_names, TRUE.tags(NAME), strict=True) if tag)
    words = (
        f"warning: 1 mask lacks a class that the photo is tagged with ({NAME}: {tagged}), though no pixel is unknown"
    )
    assert opened({NAME: np.zeros((32, 32), np.uint8)}).notes[1:] == [words]
    strokes = np.full((32, 32), 255, np.uint8)
    strokes[4] = 0
    assert opened({NAME: strokes}).notes[1:] == []


def test_a_checksum_for_what_each_mask_says():
    def checksum(mask):
        return opened({NAME: mask}).known[NAME].checksum

    assert checksum(partial(NAME)) == checksum(partial(NAME)) != checksum(TRUE.mask(NAME))


# === Folders of pseudo masks ===


@pytest.fixture
def folder(tmp_path):
    write_mask(tmp_path / f"{NAME}.png", TRUE.mask(NAME))
    return tmp_path


def trusted(folder, trust="hard", masks="never"):
    return replace(CONFIG, masks=masks, pseudo_masks={str(folder): trust})


def test_drawn_pixels_come_before_pseudo_masks(folder):
    drawn = np.full((32, 32), 255, np.uint8)
    drawn[3:5] = 0
    write_mask(folder / f"{NAME}.png", np.full((32, 32), 1 + np.flatnonzero(TRUE.tags(NAME))[0], np.uint8))
    labels = opened({NAME: drawn}, trusted(folder, masks="train")).mask(NAME).labels
    assert (labels[3:5] == 0).all() and (labels[5:] == 1 + np.flatnonzero(TRUE.tags(NAME))[0]).all()


def test_classes_that_a_photo_is_not_tagged_with_are_unknown_in_pseudo_masks(folder):
    mask = TRUE.mask(NAME).copy()
    mask[:4] = 1 + other_class(NAME)
    write_mask(folder / f"{NAME}.png", mask)
    labels = opened({}, trusted(folder)).mask(NAME).labels
    assert (labels[:4] == 255).all()
    np.testing.assert_array_equal(labels[4:], TRUE.mask(NAME)[4:])


def test_trust_by_a_picture(folder):
    confidence = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) % 256
    write_mask(folder / f"{NAME}.confidence.png", confidence.astype(np.uint8))
    masks = opened({}, trusted(folder, "soft"))
    assert masks.has_trust
    np.testing.assert_allclose(masks.mask(NAME).trust, confidence / 255, rtol=1e-6)
    np.testing.assert_array_equal(masks.mask(NAME).labels, TRUE.mask(NAME))


def test_trust_by_predicted_probabilities(folder, rng):
    probabilities = rng.random((32, 32, 7)).astype(np.float16)
    np.savez(folder / f"{NAME}.npz", masks=probabilities, scores=np.zeros(6, np.float32))
    trust = opened({}, trusted(folder, "soft")).mask(NAME).trust
    rows, columns = np.indices((32, 32))
    np.testing.assert_array_equal(trust, probabilities[rows, columns, TRUE.mask(NAME)].astype(np.float32))


def test_pixels_to_agree_on(folder):
    masks = opened({}, trusted(folder, "agree"))
    assert masks.has_trust and (masks.mask(NAME).trust == AGREE).all()


def test_drawn_pixels_count_fully_beside_soft_ones(folder):
    write_mask(folder / f"{NAME}.confidence.png", np.full((32, 32), 51, np.uint8))
    trust = opened({NAME: partial(NAME)}, trusted(folder, "soft", masks="train")).mask(NAME).trust
    np.testing.assert_allclose(trust, np.where(partial(NAME) == 255, 0.2, 1.0), rtol=1e-6)


def test_what_is_wrong_with_a_folder(folder, tmp_path):
    assert refusal({}, trusted(tmp_path / "none")) == f"data.pseudo_masks: there is no folder {tmp_path}/none"
    (tmp_path / "empty").mkdir()
    words = f"data.pseudo_masks: {tmp_path}/empty has no mask of a training photo, such as 'train_0000'"
    assert refusal({}, trusted(tmp_path / "empty")) == words
    assert refusal({}, trusted(folder, "soft")) == (
        f"{folder}: there is neither {NAME}.confidence.png nor {NAME}.npz, and data.pseudo_masks trusts this folder by "
        "them (soft): write them with predict --save-probabilities, or set hard or agree"
    )
    (folder / f"{NAME}.npz").write_bytes(b"no archive")
    assert refusal({}, trusted(folder, "soft")).startswith(f"{folder}/{NAME}.npz: does not hold the probabilities of ")
    write_mask(folder / f"{NAME}.confidence.png", np.zeros((9, 32), np.uint8))
    words = f"{folder}/{NAME}.confidence.png: is of 32x9 pixels, but the mask beside it is not"
    assert refusal({}, trusted(folder, "soft")) == words
    write_mask(folder / f"{NAME}.png", np.zeros((9, 32), np.uint8))
    words = f"{NAME}: one of its masks is 32x9 pixels, another is 32x32: they have to be of the photo's size"
    assert refusal({NAME: partial(NAME)}, trusted(folder, masks="train")) == words
    write_mask(folder / f"{NAME}.png", np.full((32, 32), 9, np.uint8))
    words = f"{folder}/{NAME}.png: label 9 is outside the classes (0 to 6, 255 = ignore)"
    assert refusal({}, trusted(folder)) == words


# === In batches ===


def batches(masks, config=CONFIG, names=NAMES, batch_size=4, **options):
    dataset = masks._dataset if masks else TRUE
    stream = training_batches(dataset, names, config, batch_size=batch_size, masks=masks, **{"seed": 7, **options})
    with user_errors():
        return list(stream.as_numpy_iterator())


def test_masks_move_with_their_photos_and_change_no_view():
    given = {name: partial(name) for name in NAMES[::2]}
    masks = opened(given)
    for (image, y, names), (plain, tags, same) in zip(batches(masks), batches(None), strict=True):
        np.testing.assert_array_equal(image, plain)
        np.testing.assert_array_equal(y["tags"], tags)
        np.testing.assert_array_equal(names, same)
        for mask, name in zip(y["masks"], names, strict=True):
            index = NAMES.index(name.decode())
            mask_there = given.get(NAMES[index], np.full((32, 32), 255, np.uint8))
            rng = np.random.default_rng([7, 0, index])
            np.testing.assert_array_equal(
                mask, augment(TRUE.image(NAMES[index]), rng, CONFIG, masks=[mask_there])[2][0]
            )
    assert y["masks"].dtype == np.uint8 and y["masks"].shape == (4, 24, 24) and "trust" not in y


def test_trust_comes_where_masks_have_it(folder):
    masks = opened({}, trusted(folder, "agree"))
    for _, y, names in batches(masks):
        assert y["trust"].shape == (4, 24, 24)
        for trust, name in zip(y["trust"], names, strict=True):
            np.testing.assert_array_equal(trust, AGREE if name.decode() == NAME else 1)


def test_a_mask_of_another_size_than_its_photo():
    masks = opened({name: np.zeros((32, 16), np.uint8) for name in NAMES})
    with pytest.raises(
        UserError, match=r"train_\d+: its mask is 16x32 pixels, the photo 32x32: they have to be of one "
    ):
        batches(masks)


# === The share of a batch ===

SHARED = replace(CONFIG, mask_share=0.5)
FEW = {name: partial(name) for name in NAMES[:2]}


def test_each_batch_has_its_share_of_masks():
    masks = opened(FEW, SHARED)
    first = batches(masks, SHARED, epochs=3)
    assert len(first) == 6
    for _, y, _ in first:
        assert ((y["masks"] != 255).any(axis=(1, 2))).sum() == 2
    for epoch in range(3):  # two photos take turns, in views of their own
        names = np.concatenate([names for _, _, names in first[2 * epoch : 2 * epoch + 2]]).astype(str)
        assert sorted(name for name in names if name in FEW) == sorted([*FEW, *FEW])
    views = [image for images, _, names in first[:2] for image, name in zip(images, names) if name.decode() == NAME]
    assert len(views) == 2 and (views[0] != views[1]).any()


@pytest.mark.parametrize("steps", [None, 3])
@pytest.mark.parametrize(("shards", "devices"), [(2, 1), (1, 2), (2, 2)])
def test_shares_are_the_same_on_shards_and_devices(shards, devices, steps):
    masks, length = opened(FEW, SHARED), {"epochs": 2, "steps_per_epoch": steps}
    whole = batches(masks, SHARED, **length)
    parts = [batches(masks, SHARED, **length, shard=(index, shards), devices=devices) for index in range(shards)]
    assert len(whole) == 2 * (steps or 2)
    for step, (images, y, names) in enumerate(whole):
        found = [batch for part in parts for batch in part[step * devices : (step + 1) * devices]]
        np.testing.assert_array_equal(np.concatenate([batch[0] for batch in found]), images)
        np.testing.assert_array_equal(np.concatenate([batch[1]["masks"] for batch in found]), y["masks"])
        np.testing.assert_array_equal(np.concatenate([batch[2] for batch in found]), names)


def test_resuming_with_shares_yields_the_tail():
    masks = opened(FEW, SHARED)
    whole, tail = batches(masks, SHARED, epochs=3), batches(masks, SHARED, first_epoch=1, first_step=1, epochs=2)
    assert len(tail) == 3
    for (images, y, _), (others, other_y, _) in zip(whole[3:], tail, strict=True):
        np.testing.assert_array_equal(images, others)
        np.testing.assert_array_equal(y["masks"], other_y["masks"])


def test_shares_that_cannot_be():
    with pytest.raises(UserError, match=r"data.mask_share is 0.5, but no training photo has a mask: leave it out, or "):
        batches(opened({}, SHARED), SHARED)
    small = replace(SHARED, mask_share=0.1)
    with pytest.raises(
        UserError, match=r"data.mask_share is 0.1, which of a batch of 4 is no photo: raise it, or leav"
    ):
        batches(opened(FEW, small), small)


def test_all_masked_is_a_share_of_all():
    masks = opened({name: partial(name) for name in NAMES}, SHARED)
    names = np.concatenate([names for _, _, names in batches(masks, SHARED, batch_size=5)])
    assert sorted(names.astype(str)) == NAMES
