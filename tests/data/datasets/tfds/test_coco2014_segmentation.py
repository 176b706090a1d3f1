from typing import ClassVar

import tensorflow_datasets as tfds

from wsfcn_tf.data.datasets.tfds import coco2014_segmentation
from wsfcn_tf.data.tags.class_names import COCO


class TestCoco2014Segmentation(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = coco2014_segmentation.Builder
    SPLITS: ClassVar = {"train": 2, "val": 1}


def test_tags_and_labels_are_cocos(tmp_path):
    builder = coco2014_segmentation.Builder(data_dir=tmp_path)
    manual = coco2014_segmentation.Builder.code_path.parent / "dummy_data"
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    assert builder.info.features["tags"].names == list(COCO)
    (example,) = tfds.as_numpy(builder.as_dataset("val"))
    assert example["tags"].tolist() == [COCO.index("dog")]
    assert sorted(set(example["segmentation"].ravel())) == [0, 1 + COCO.index("dog")]
    assert example["file_name"] == b"COCO_val2014_000000000004.jpg"
