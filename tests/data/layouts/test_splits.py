import pytest

from wsfcn_tf.data.layouts.splits import split_named, split_of
from wsfcn_tf.errors import UserError


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"), ("Training", "train"), ("val2017", "val"), ("valid", "val"), ("VALIDATION", "val"),
        ("test", "test"), ("train_images", "train"), ("test-jpg", "test"), ("images", None), ("trains", None),
        ("train_dog", None), ("trainval", None), ("", None), ("12", None),
    ],
)  # fmt: skip
def test_names(name, split):
    assert split_named(name) == split


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("annotations/instances_val2017.json", "val"),
        ("valid/_annotations.coco.json", "val"),
        ("test/train.json", "test"),
        ("labels.csv", None),
        ("oidv6-train-annotations-human-imagelabels.csv", "train"),
    ],
)
def test_files(path, split):
    assert split_of(path) == split


def test_a_file_of_two_splits():
    with pytest.raises(UserError, match=r"^train_val\.csv: names two splits, train and val: rename it or its folder$"):
        split_of("train_val.csv")
