import shutil
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from written_masks import MASK_FORMS, write_masks

from wsfcn_tf.config import DataConfig, ScenesConfig
from wsfcn_tf.data.augmentation.photo_views import augment, central_view
from wsfcn_tf.data.datasets.dataset import open_dataset
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.layouts.masks import opening
from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.data.photos.saliency import saliency
from wsfcn_tf.data.pipeline import steps_per_pass, training_batches, user_errors, validation_batches
from wsfcn_tf.errors import UserError
from wsfcn_tf.ops.normalise import IMAGENET_MEAN, IMAGENET_STD

CONFIG = DataConfig(format="scenes", crop_size=24)
SCENES = Scenes(ScenesConfig(train=10, size=32))
NAMES = SCENES.names("train")


def read(dataset=SCENES, names=NAMES, config=CONFIG, batch_size=4, **options) -> list[tuple[np.ndarray, ...]]:
    batches = training_batches(dataset, names, config, batch_size=batch_size, **{"seed": 7, **options})
    return [tuple(part.numpy() for part in batch) for batch in batches]


def assert_same(first, second):
    assert len(first) == len(second) > 0
    for one, other in zip(first, second):
        assert all(np.array_equal(a, b) for a, b in zip(one, other))


def test_shapes_are_static():
    images, tags, names = training_batches(SCENES, NAMES, CONFIG, batch_size=4, seed=7).element_spec
    assert images == tf.TensorSpec((4, 24, 24, 3), tf.float32)
    assert tags == tf.TensorSpec((4, 6), tf.float32)
    assert names == tf.TensorSpec((4,), tf.string)


def test_incomplete_last_batch_of_each_pass_is_dropped():
    assert steps_per_pass(NAMES, 4) == 2
    batches = read(epochs=3)
    assert len(batches) == 6
    for epoch in range(3):
        names = np.concatenate([batch[2] for batch in batches[2 * epoch : 2 * epoch + 2]])
        assert len(set(names)) == 8


def test_each_epoch_has_its_own_order_and_views():
    first, second = read(batch_size=10, epochs=2)
    assert set(first[2]) == set(second[2]) == {name.encode() for name in NAMES}
    assert not np.array_equal(first[2], second[2])
    views = [batch[0][batch[2].tolist().index(b"train_0000")] for batch in (first, second)]
    assert not np.array_equal(*views)


def test_images_are_normalised_views_of_their_photos_with_their_tags():
    for images, tags, names in read(first_epoch=3):
        for image, tag, name in zip(images, tags, names):
            index = NAMES.index(name.decode())
            view, *_ = augment(SCENES.image(NAMES[index]), np.random.default_rng([7, 3, index]), CONFIG)
            np.testing.assert_allclose(image, (view / 255 - IMAGENET_MEAN) / IMAGENET_STD, atol=1e-5)
            assert np.array_equal(tag, SCENES.tags(NAMES[index]))


def test_the_fourth_channel_is_the_view_of_the_photos_saliency():
    plain = read(first_epoch=3)
    for (images, tags, names), (with_saliency, *same) in zip(plain, read(first_epoch=3, saliency=True), strict=True):
        assert_same([(images, tags, names)], [(with_saliency[..., :3], *same)])
        for channel, name in zip(with_saliency[..., 3], names, strict=True):
            index = NAMES.index(name.decode())
            photo = SCENES.image(NAMES[index])
            _, cue, _ = augment(photo, np.random.default_rng([7, 3, index]), CONFIG, saliency(photo))
            np.testing.assert_array_equal(channel, cue)


def test_validation_views_have_it_too():
    (plain,), (views,) = (validation_batches(SCENES, NAMES[:2], CONFIG, 2, saliency=value) for value in (False, True))
    np.testing.assert_array_equal(views[..., :3], plain)
    for channel, name in zip(views[..., 3], NAMES, strict=False):
        photo = SCENES.image(name)
        np.testing.assert_array_equal(channel, central_view(photo, CONFIG, saliency(photo))[1])


def test_stream_is_a_function_of_the_seed():
    assert_same(read(), read())
    assert not np.array_equal(read()[0][2], read(seed=8)[0][2])


def test_resuming_yields_the_tail_of_the_full_stream():
    assert_same(read(epochs=4)[4:], read(first_epoch=2, epochs=2))


def test_resuming_within_an_epoch_yields_the_tail_and_opens_nothing_else():
    opened = []

    class Watched(Scenes):
        def image(self, name):
            opened.append(name)
            return super().image(name)

    full = read(batch_size=2, epochs=3)
    watched = Watched(ScenesConfig(train=10, size=32))
    tail = read(watched, batch_size=2, first_epoch=1, first_step=3, epochs=2)
    assert_same(full[5 + 3 :], tail)
    assert sorted(opened) == sorted(name.decode() for batch in tail for name in batch[2])


@pytest.mark.parametrize("steps", [1, 3, 4, 5, 11])
def test_epochs_of_a_given_length_are_pieces_of_the_same_stream(steps):
    full = read(batch_size=2, epochs=9)  # of 5 steps each
    assert_same(full[:steps], read(batch_size=2, steps_per_epoch=steps))
    assert_same(full[2 * steps : 4 * steps], read(batch_size=2, steps_per_epoch=steps, first_epoch=2, epochs=2))
    tail = read(batch_size=2, steps_per_epoch=steps, first_epoch=1, first_step=steps - 1, epochs=3)
    assert_same(full[2 * steps - 1 : 4 * steps], tail)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_change_nothing(workers):
    assert_same(read(), read(config=replace(CONFIG, workers=workers)))


@pytest.mark.parametrize("steps", [None, 3])
@pytest.mark.parametrize(("shards", "devices"), [(2, 1), (1, 2), (2, 2), (4, 1)])
def test_shards_and_devices_together_see_what_one_would(shards, devices, steps):
    length = {"batch_size": 8, "epochs": 2, "steps_per_epoch": steps}
    whole = read(**length)
    parts = [read(**length, shard=(index, shards), devices=devices) for index in range(shards)]
    steps = [
        tuple(np.concatenate([batch[i] for part in parts for batch in part[step : step + devices]]) for i in range(3))
        for step in range(0, len(parts[0]), devices)
    ]
    assert_same(whole, steps)


def test_batch_that_cannot_be_shared_evenly():
    with pytest.raises(UserError) as error:
        training_batches(SCENES, NAMES, CONFIG, batch_size=8, seed=0, shard=(0, 3))
    assert str(error.value) == "training.batch_size is 8: make it a multiple of the 3 devices"


# === Photos that cannot be read ===


class PartlyBad(Scenes):
    """Some of the scenes cannot be read."""

    def __init__(self, bad):
        super().__init__(ScenesConfig(train=10, size=32))
        self.bad = bad

    def image(self, name):
        if name in self.bad:
            raise UserError(f"{name}.jpg: is torn")
        return super().image(name)


SKIPPING = replace(CONFIG, on_bad_image="skip")


def test_replacements_fill_the_batch_and_change_nothing_else():
    bad, found = NAMES[2:5], BadPhotos()
    dataset = PartlyBad(bad)
    whole = read(batch_size=10, epochs=2)
    replaced = read(dataset, config=SKIPPING, batch_size=10, epochs=2, bad_photos=found)
    others = set()
    for (images, _, names), (new_images, new_tags, new_names) in zip(whole, replaced, strict=True):
        for index in range(10):
            name, new_name = names[index].decode(), new_names[index].decode()
            assert np.array_equal(new_tags[index], SCENES.tags(new_name))
            if name in bad:
                assert new_name not in bad
                others.add(new_name)
            else:
                assert new_name == name and np.array_equal(images[index], new_images[index])
    assert len(others) > 2  # not always the same one
    assert len(found) == 3


def test_replacements_depend_on_neither_workers_nor_shards_nor_the_first_step():
    dataset = PartlyBad(NAMES[:6])
    whole = read(dataset, config=SKIPPING, batch_size=2, epochs=2)
    assert_same(whole, read(dataset, config=replace(SKIPPING, workers=1), batch_size=2, epochs=2))
    assert_same(whole[7:], read(dataset, config=SKIPPING, batch_size=2, first_epoch=1, first_step=2))
    halves = [read(dataset, config=SKIPPING, batch_size=2, epochs=2, shard=(part, 2)) for part in range(2)]
    assert_same(whole, [tuple(map(np.concatenate, zip(*step))) for step in zip(*halves)])


def test_what_is_read_ahead_is_listed_for_the_epoch_it_is_read_for():
    left_out = np.random.default_rng([7, 0]).permutation(10)[8:]  # of the first epoch's two batches of 4
    bad, found = {NAMES[index] for index in left_out}, BadPhotos()
    read(PartlyBad(bad), config=SKIPPING, epochs=6, bad_photos=found)  # all six are read when the first is looked at
    assert found.until(0) == {}
    assert found.until(5) == {name: f"{name}.jpg: is torn" for name in bad}


def test_a_photo_is_listed_for_its_epoch_whatever_their_length_is():
    step = np.random.default_rng([7, 0]).permutation(10).tolist().index(0) // 2  # at which the first photo comes
    for length in (1, 2, 5):
        found = BadPhotos()
        read(PartlyBad(NAMES[:1]), config=SKIPPING, batch_size=2, steps_per_epoch=length, epochs=5, bad_photos=found)
        first = step // length
        assert (len(found.until(first - 1)), len(found.until(first))) == (0, 1)


def test_all_photos_bad():
    with pytest.raises(UserError) as error, user_errors():
        read(PartlyBad(NAMES), config=replace(SKIPPING, workers=1))
    first = NAMES[np.random.default_rng([7, 0]).permutation(10)[0]]
    assert str(error.value) == f"none of the 10 training images can be read, the first because: {first}.jpg: is torn"


def test_tags_that_are_not_known_are_an_error_even_so(voc_root):
    (voc_root / "tags.csv").write_text("image,tags\na.jpg,cat\n")
    folder = VocFolder(voc_root)
    with pytest.raises(UserError, match="there is no row for"), user_errors():
        read(folder, folder.names("train"), config=SKIPPING, batch_size=6)


def test_fewer_images_than_a_batch():
    with pytest.raises(UserError) as error:
        training_batches(SCENES, NAMES, CONFIG, batch_size=11, seed=0)
    message = "there are 10 training images, fewer than one batch of 11: lower training.batch_size"
    assert str(error.value) == message


def truncate(photo):
    photo.write_bytes(photo.read_bytes()[:-50])
    return f"{photo}: the image file is cut short: copy it again or remove it from the data"


def test_truncated_photo_is_a_user_error(voc_root):
    message = truncate(voc_root / "JPEGImages" / "c.jpg")
    folder = VocFolder(voc_root)
    with pytest.raises(UserError) as error, user_errors():
        read(folder, folder.names("train"), batch_size=2)
    assert str(error.value) == message


def test_truncated_photo_is_a_user_error_in_fit(voc_root):
    message = truncate(voc_root / "JPEGImages" / "c.jpg")
    folder = VocFolder(voc_root)
    batches = training_batches(folder, folder.names("train"), CONFIG, batch_size=2, seed=0)
    model = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)])
    model.compile(loss="mse")
    with pytest.raises(UserError) as error, user_errors():
        model.fit(batches.map(lambda images, tags, names: (images, tags)), shuffle=False, verbose=0)
    assert str(error.value) == message


def test_other_errors_pass_user_errors_unchanged():
    with pytest.raises(tf.errors.InvalidArgumentError), user_errors():
        tf.ensure_shape(tf.zeros(3), (2,))
    with pytest.raises(ValueError, match="UserError: no"), user_errors():
        raise ValueError("UserError: no")


@pytest.fixture
def opened():
    """The paths that Python opens, by whatever function, while the test runs: an audit hook sees them all."""
    paths, listening = [], [True]

    def note(event, arguments):
        if listening[0] and event == "open":
            paths.append(str(arguments[0]))

    sys.addaudithook(note)
    yield paths
    listening[0] = False  # a hook cannot be removed


@pytest.mark.parametrize("form", MASK_FORMS)
def test_training_never_makes_masks_of_another_tools_outlines(tmp_path, monkeypatch, form):
    """Tags are in the same files. Of CVAT's colour masks, tags are which colours there are."""

    def refuse(*arguments):
        pytest.fail("training reads masks")

    monkeypatch.setattr(opening.LayoutMasks, "read", refuse)
    monkeypatch.setattr(opening.LayoutMasks, "path_of", refuse)
    write_masks(tmp_path, form)
    folder = open_dataset(DataConfig(format="auto", root=str(tmp_path), crop_size=24))
    assert len(read(folder, folder.names("train"), batch_size=2, epochs=2)) == 4
    with pytest.raises(pytest.fail.Exception):
        folder.mask(folder.names("train")[0])


def test_training_never_opens_a_mask(voc_root, opened):
    masks = voc_root / "SegmentationClass"
    for path in masks.iterdir():
        path.write_bytes(b"not a mask")
    opened.clear()
    folder = VocFolder(voc_root)
    with_masks = read(folder, folder.names("train"), batch_size=2, epochs=2)
    assert sum("JPEGImages" in path for path in opened) == 12  # the hook does hear the pipeline's threads
    assert not [path for path in opened if "SegmentationClass" in path]
    with pytest.raises(UserError, match="cannot be read as a mask"):
        folder.mask("e")
    assert [path for path in opened if "SegmentationClass" in path] == [str(masks / "e.png")]
    shutil.rmtree(masks)  # and what is not there cannot be opened by anything
    assert_same(with_masks, read(VocFolder(voc_root), folder.names("train"), batch_size=2, epochs=2))
