import tarfile
from typing import ClassVar

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tiny_originals import SBD_MASKS, VOC_MASKS, make_sbd, make_voc

import wsfcn_tf.data.datasets.tfds  # noqa: F401  what makes the dataset known
from wsfcn_tf.data.datasets.tfds import voc2012_segmentation
from wsfcn_tf.data.tags.class_names import VOC
from wsfcn_tf.errors import UserError


class TestVoc2012Segmentation(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = voc2012_segmentation.Builder
    SPLITS: ClassVar = {"train_aug": 5, "train": 2, "val": 2}
    OVERLAPPING_SPLITS: ClassVar = ["train"]


def prepared(manual, data_dir):
    builder = tfds.builder("voc2012_segmentation", data_dir=data_dir)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return builder


def test_load_gives_photos_tags_and_masks_from_the_archives(tmp_path):
    manual = tmp_path / "manual"
    manual.mkdir()
    with tarfile.open(manual / "VOCtrainval_11-May-2012.tar", "w") as archive:
        archive.add(make_voc(tmp_path), "VOCdevkit")
    with tarfile.open(manual / "benchmark.tgz", "w:gz") as archive:
        archive.add(make_sbd(tmp_path), "benchmark_RELEASE")
    prepared(manual, tmp_path / "data")
    dataset = tfds.load("voc2012_segmentation", split="train_aug", data_dir=tmp_path / "data", download=False)
    found = {example["file_name"].decode(): example for example in tfds.as_numpy(dataset)}
    assert sorted(found) == ["a.jpg", "b.jpg", "e.jpg", "f.jpg", "g.jpg"]
    for name, example in found.items():
        expected = {**SBD_MASKS, **VOC_MASKS}[name[0]]
        np.testing.assert_array_equal(example["segmentation"][..., 0], expected)
        assert example["tags"].tolist() == sorted(set(expected[(expected > 0) & (expected < 255)] - 1))
        assert example["image"].shape == (*expected.shape, 3)
    assert tfds.builder("voc2012_segmentation", data_dir=tmp_path / "data").info.features["tags"].names == list(VOC)


def test_a_missing_original_is_named(tmp_path):
    make_voc(tmp_path)
    make_sbd(tmp_path)
    (tmp_path / "benchmark_RELEASE" / "dataset" / "cls" / "e.mat").unlink()
    with pytest.raises(UserError, match=r"^there is no SegmentationClass/e\.png or cls/e\.mat$"):
        prepared(tmp_path, tmp_path / "data")
