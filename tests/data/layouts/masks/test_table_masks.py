"""Masks in competitions' tables: run lengths, and what they are of."""

import numpy as np
import pytest
import written_masks
from opened_layouts import opened, refused, shown
from written_layouts import photos, put
from written_masks import HEIGHT, WIDTH, area, expected, kaggle, starts, write_masks

from wsfcn_tf.errors import UserError

SMALL, LARGE = (4, 8, 4, 8), (2, 14, 2, 14)


def test_classes_are_behind_the_photo_s_name_or_in_a_column_of_numbers(tmp_path):
    photos(tmp_path, names="ab")
    cells = starts(area(SMALL)), starts(area(LARGE))
    put(tmp_path, "train.csv", f"ImageId_ClassId,EncodedPixels\na.jpg_1,{cells[0]}\na.jpg_4,\nb.jpg_4,{cells[1]}\n")
    dataset, _ = opened(tmp_path)
    assert dataset.class_names == ("1", "4") and shown(dataset) == {"a": ("1",), "b": ("4",)}
    np.testing.assert_array_equal(dataset.mask("a.jpg"), 1 * area(SMALL))
    put(tmp_path, "train.csv", f"ImageId,ClassId,EncodedPixels\na.jpg,1,{cells[0]}\nb.jpg,4,{cells[1]}\n")
    dataset, _ = opened(tmp_path)
    assert shown(dataset) == {"a": ("1",), "b": ("4",)}
    np.testing.assert_array_equal(dataset.mask("b.jpg"), 2 * area(LARGE))


def test_a_table_of_one_class_needs_its_name(tmp_path):
    photos(tmp_path, names="ab")
    rows = f"a.jpg,{starts(area(SMALL))}\na.jpg,{starts(area((15, 18, 1, 20)))}\nb.jpg,\n"
    put(tmp_path, "train.csv", f"ImageId,EncodedPixels\n{rows}")
    words = "its rows are masks of one class, which it does not name: write it to a classes.txt"
    assert refused(tmp_path) == f"ROOT/train.csv: line 1: {words}"
    put(tmp_path, "classes.txt", "ship\n")
    dataset, _ = opened(tmp_path)
    assert shown(dataset) == {"a": ("ship",), "b": ()}
    np.testing.assert_array_equal(dataset.mask("a.jpg"), 1 * (area(SMALL) | area((15, 18, 1, 20))))
    np.testing.assert_array_equal(dataset.mask("b.jpg"), np.zeros((HEIGHT, WIDTH)))


def test_smaller_masks_lie_on_top(tmp_path, monkeypatch):
    monkeypatch.setitem(written_masks.BOXES, "b", [SMALL, LARGE])
    write_masks(tmp_path, "table, ImageId_ClassId")
    labels = np.select([area(SMALL), area(LARGE)], [1, 2])
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("b.jpg"), labels)


def test_minus_one_is_no_mask(tmp_path):
    photos(tmp_path, names="a")
    put(tmp_path, "train.csv", f"ImageId,class,EncodedPixels\na.jpg,cat,{starts(area(SMALL))}\na.jpg,dog,-1\n")
    assert shown(opened(tmp_path)[0]) == {"a": ("cat",)}


def test_a_mask_of_several_classes_outlines_none(tmp_path):
    photos(tmp_path, names="ab")
    rows = f'a.jpg,"cat,dog",{starts(area(SMALL))}\nb.jpg,cat,{starts(area(SMALL))}\n'
    put(tmp_path, "train.csv", f"ImageId,class,EncodedPixels\n{rows}")
    dataset, _ = opened(tmp_path)
    with pytest.raises(UserError, match="row 'cat' has no outline"):
        dataset.mask("a.jpg")


def test_the_direction_of_segmentation_is_not_known(tmp_path):
    write_masks(tmp_path, "table, EncodedPixels")
    put(tmp_path, "train.csv", kaggle(joint=False).replace("EncodedPixels", "segmentation"))
    dataset, _ = opened(tmp_path)
    assert dataset.masks.path_of("a.jpg") is None


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 x", "its run lengths are no whole numbers"),
        ("1 2 3", "its run lengths are no pairs of a start and a length"),
        ("0 5", "its run lengths do not fit into 24x20 pixels"),
        ("1 0", "its run lengths do not fit into 24x20 pixels"),
        ("481 1", "its run lengths do not fit into 24x20 pixels"),
        ("480 2", "its run lengths overlap, or go beyond the picture: starts have to go up, counted from 1"),
        ("9 5 3 4", "its run lengths overlap, or go beyond the picture: starts have to go up, counted from 1"),
        ("9" * 30 + " 1", "its run lengths are no whole numbers"),
    ],
)
def test_broken_run_lengths(tmp_path, cell, words):
    write_masks(tmp_path, "table, ImageId_ClassId")
    text = kaggle(joint=True).replace(starts(area(written_masks.BOXES["a"][0])), cell, 1)
    put(tmp_path, "train.csv", text)
    dataset, _ = opened(tmp_path)
    with pytest.raises(UserError) as error:
        dataset.mask("a.jpg")
    assert str(error.value) == f"{tmp_path}/train.csv: line 2: {words}: draw it again"
    np.testing.assert_array_equal(dataset.mask("c.jpg"), expected("c"))
