"""Datasets of TFDS as training data, on a builder that is made and prepared on the spot."""

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds
from tiny_originals import make_sbd, make_voc

from wsfcn_tf.config import DataConfig
from wsfcn_tf.config.reading import from_mapping
from wsfcn_tf.data.datasets.dataset import open_dataset
from wsfcn_tf.data.pipeline import training_batches
from wsfcn_tf.errors import UserError

CLASSES = ["cat", "dog", "sheep"]
SIZE = (9, 7)


def photo(number, channels=3):
    return np.random.default_rng(number).integers(0, 256, (*SIZE, channels), np.uint8)


class WsfcnProbe(tfds.core.GeneratorBasedBuilder):
    """Labels in every form: of 7 photos, number i shows class i % 3; photo 6 shows nothing but in `label`."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        label = tfds.features.ClassLabel(names=CLASSES)
        features = {
            "image": tfds.features.Image(encoding_format="png"),
            "labels": tfds.features.Sequence(label),
            "label": label,
            "objects": tfds.features.Sequence({"label": label, "bbox": tfds.features.BBoxFeature()}),
            "vector": tfds.features.Tensor(shape=(3,), dtype=np.bool_),
            "attributes": {"smiling": np.bool_, "bald": np.bool_},
            "segmentation": tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png"),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(range(7)), "validation": self._generate_examples(range(7, 9))}

    def _generate_examples(self, numbers):
        for number in numbers:
            label = number % 3
            objects = [{"label": label, "bbox": tfds.features.BBox(0.0, 0.0, 1.0, 1.0)}] * 2 if number != 6 else []
            yield (
                number,
                {
                    "image": photo(number),
                    "labels": [label, label] if number != 6 else [],
                    "label": label,
                    "objects": objects,
                    "vector": np.arange(3) == label,
                    "attributes": {"smiling": label == 0, "bald": label == 1},
                    "segmentation": np.full((*SIZE, 1), label + 1, np.uint8),
                },
            )


@pytest.fixture(scope="module", params=["tfrecord", "array_record"])
def data_dir(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    builder = WsfcnProbe(data_dir=root, file_format=request.param)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=2))
    return str(root)


def opened(data_dir, **keys):
    return open_dataset(DataConfig(tfds="wsfcn_probe", root=data_dir, **keys))


def numbers(dataset, names):
    """Which photos these are, told by their pixels."""
    return [next(n for n in range(9) if np.array_equal(dataset.image(name), photo(n))) for name in names]


def test_photos_tags_and_masks_of_any_order(data_dir):
    dataset = opened(data_dir)
    names = dataset.names("train")
    assert names == [f"train_{index:06d}" for index in range(7)]
    assert dataset.class_names == tuple(CLASSES)
    found = numbers(dataset, names)
    assert sorted(found) == list(range(7))
    builder = tfds.builder("wsfcn_probe", data_dir=data_dir)
    as_array_record = builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD
    expected = builder.as_data_source("train") if as_array_record else tfds.as_numpy(builder.as_dataset("train"))
    assert [example["label"] for example in expected] == [number % 3 for number in found]  # TFDS's own order
    for name, number in reversed([*zip(names, found, strict=True)]):
        tags = np.eye(3)[number % 3] if number != 6 else np.zeros(3)
        np.testing.assert_array_equal(dataset.tags(name), tags)
        assert dataset.tags(name).dtype == np.float32
        np.testing.assert_array_equal(dataset.mask(name), np.full(SIZE, number % 3 + 1, np.uint8))


def test_parts_of_a_split_and_several_splits(data_dir):
    dataset = opened(data_dir)
    names = dataset.names("train")
    assert dataset.names("train[:3]") == names[:3]
    assert dataset.names("train[3:6]+validation") == [*names[3:6], "validation_000000", "validation_000001"]
    assert sorted(numbers(dataset, dataset.names("validation"))) == [7, 8]


@pytest.mark.parametrize("label", ["labels", "objects/label", "vector", "label", "attributes"])
def test_every_form_of_labels(data_dir, label):
    dataset = opened(data_dir, tfds_label=label)
    names = {
        "vector": ("class_0", "class_1", "class_2"),
        "attributes": ("bald", "smiling"),
    }.get(label, tuple(CLASSES))
    assert dataset.class_names == names
    for name, number in zip(dataset.names("train"), numbers(dataset, dataset.names("train")), strict=True):
        expected = np.eye(3)[number % 3]
        if label == "attributes":
            expected = expected[[1, 0]]
        if number == 6 and label in ("labels", "objects/label"):
            expected = np.zeros(3)
        np.testing.assert_array_equal(dataset.tags(name), expected)


def test_training_reads_it(data_dir):
    dataset = opened(data_dir)
    config = DataConfig(crop_size=16, jitter=(0, 0, 0, 0))
    batches = training_batches(dataset, dataset.names("train"), config, batch_size=3, seed=0)
    seen = {}
    for images, tags, names in batches:
        assert images.shape == (3, 16, 16, 3)
        seen |= zip(names.numpy(), tags.numpy(), strict=True)
    assert len(seen) == 6
    for name, tags in seen.items():
        np.testing.assert_array_equal(tags, dataset.tags(name.decode()))


def test_the_short_form_and_the_long_form_of_the_config():
    assert from_mapping({"data": {"tfds": "voc/2012"}}).data.tfds == "voc/2012"
    assert from_mapping({"data": {"tfds": "voc/2012", "format": "tfds"}}).data.format == "tfds"
    for data, words in (
        ({"format": "tfds"}, "data.format tfds needs data.tfds, the dataset's name, such as voc/2012"),
        ({"format": "scenes", "tfds": "voc/2012"}, "data.tfds is for data.format tfds; leave out one of the two"),
    ):
        with pytest.raises(UserError) as error:
            from_mapping({"data": data})
        assert str(error.value) == f"config: {words}"


def test_this_projects_own_builders_prepare_themselves_from_their_originals(tmp_path):
    make_voc(tmp_path / "downloads" / "manual")
    make_sbd(tmp_path / "downloads" / "manual")
    dataset = open_dataset(DataConfig(tfds="voc2012_segmentation", root=str(tmp_path)))
    assert len(dataset.class_names) == 20
    names = dataset.names("train_aug")
    assert len(names) == 5
    for name in names:
        labels = sorted(set(dataset.mask(name).ravel()) - {0, 255})
        assert np.flatnonzero(dataset.tags(name)).tolist() == [label - 1 for label in labels]


def message(function, *arguments):
    with pytest.raises(UserError) as error:
        function(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_mistakes(data_dir, tmp_path):
    dataset = opened(data_dir)
    assert message(dataset.names, "val") == ("data.tfds wsfcn_probe: there is no split 'val': it has train, validation")
    assert "there is no split 'train[:'" in message(dataset.names, "train[:")
    assert "no image left: the split 'train[:0]' is empty" in message(dataset.names, "train[:0]")
    assert message(open_dataset, DataConfig(tfds="wsfcn_prob", root=data_dir)) == (
        "data.tfds wsfcn_prob: there is no such dataset: did you mean wsfcn_probe?"
    )
    assert message(open_dataset, DataConfig(tfds="voc/2012", root=str(tmp_path / "nothing"))) == (
        f"data.root: there is no folder {tmp_path}/nothing"
    )
    assert message(open_dataset, DataConfig(tfds="wsfcn_probe", root=data_dir, tfds_label="image")) == (
        "data.tfds wsfcn_probe: data.tfds_label: 'image' holds no labels; "
        "what does: attributes, label, labels, objects/label, vector"
    )
    assert message(open_dataset, DataConfig(tfds="wsfcn_probe:9.9.9", root=data_dir)).startswith(
        "data.tfds wsfcn_probe:9.9.9: cannot be prepared: "
    )
    (tmp_path / "empty").mkdir()
    assert message(open_dataset, DataConfig(tfds="coco2014_segmentation", root=str(tmp_path / "empty"))).startswith(
        f"data.tfds coco2014_segmentation: cannot be prepared: Manual directory {tmp_path}/empty/downloads/manual "
    )


def test_a_greyscale_photo_is_rgb_and_a_broken_one_is_named(data_dir, monkeypatch):
    dataset = opened(data_dir)
    grey = cv2.imencode(".png", photo(1, 1))[1].tobytes()
    monkeypatch.setattr(dataset, "_encoded", lambda name, feature: grey)
    np.testing.assert_array_equal(dataset.image("train_000000"), np.repeat(photo(1, 1), 3, axis=2))
    monkeypatch.setattr(dataset, "_encoded", lambda name, feature: grey[:-20])
    assert message(dataset.image, "train_000000").startswith(
        "data.tfds wsfcn_probe: train_000000: the image file is cut short"
    )
