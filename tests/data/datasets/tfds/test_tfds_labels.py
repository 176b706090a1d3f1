import re

import numpy as np
import pytest
import tensorflow_datasets as tfds

from wsfcn_tf.data.datasets.tfds.labels import Labels, find_labels
from wsfcn_tf.errors import UserError

LABEL = tfds.features.ClassLabel(names=["cat", "dog"])


def find(features, wanted=None):
    return find_labels(tfds.features.FeaturesDict({"image": tfds.features.Image(), **features}), wanted, "data.tfds x")


def test_what_voc_and_coco_have_in_tfds():
    objects = tfds.features.Sequence({"label": LABEL, "pose": tfds.features.ClassLabel(names=["front", "back"])})
    voc = {"labels": tfds.features.Sequence(LABEL), "labels_no_difficult": tfds.features.Sequence(LABEL)}
    assert find({"objects": objects, **voc}).path == ("labels",)
    assert find({"objects": objects, **voc}, "labels_no_difficult").path == ("labels_no_difficult",)
    assert find({"objects": objects}) == Labels(("objects", "label"), ("cat", "dog"), indices=True)


def test_one_kind_of_labels_may_have_any_name():
    assert find({"species": LABEL, "bbox": tfds.features.BBoxFeature()}).path == ("species",)


def test_several_kinds_or_none():
    with pytest.raises(UserError, match=r"^data\.tfds x: has several kinds of labels; set data\.tfds_label to one of"):
        find({"species": LABEL, "breed": LABEL})
    with pytest.raises(UserError, match=r"^data\.tfds x: has no labels to take tags from; its features are image, x$"):
        find({"x": tfds.features.Text()})


def test_names_of_flags_do_not_depend_on_the_order_of_a_dict():
    names = ["young", "bald", "male"]
    for order in (names, names[::-1]):
        labels = find({"attributes": dict.fromkeys(order, np.bool_)})
        assert labels.class_names == ("bald", "male", "young")
        example = {"attributes": {"young": True, "bald": False, "male": True}}
        assert labels.vector(example).tolist() == [0, 1, 1]


def test_labels_that_are_withheld():
    labels = Labels(("label",), ("cat", "dog"), indices=True)
    with pytest.raises(UserError, match=re.escape("label -1 is not one of the 2 classes")):
        labels.vector({"label": np.int64(-1)})
