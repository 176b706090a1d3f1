import numpy as np
import pytest
from small_photos import save_photo

from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError


def test_photos_tags_and_classes(tagged_root):
    folder = TaggedFolder(tagged_root)
    assert folder.class_names == ("cat", "dog")
    assert folder.names("train") == ["one.jpg", "more/two.png", "three.jpeg"]
    assert folder.image("more/two.png").shape == (20, 24, 3)
    assert [folder.tags(name).tolist() for name in folder.names("train")] == [[1, 1], [0, 0], [0, 1]]


def test_class_list_sets_the_order(tagged_root):
    (tagged_root / "classes.txt").write_text("dog\nsheep\ncat\n")
    folder = TaggedFolder(tagged_root)
    assert folder.class_names == ("dog", "sheep", "cat")
    assert folder.tags("one.jpg").tolist() == [1, 0, 1]


def test_tag_outside_the_class_list(tagged_root):
    (tagged_root / "classes.txt").write_text("dogs\ncat\n")
    with pytest.raises(UserError) as error:
        TaggedFolder(tagged_root)
    message = "line 2: tag 'dog' is not in the class list: did you mean 'dogs'?"
    assert str(error.value) == f"{tagged_root}/tags.csv: {message}"


def test_splits_masks_and_photos_that_are_not_there(tagged_root):
    folder = TaggedFolder(tagged_root)
    with pytest.raises(UserError) as error:
        folder.names("val")
    advice = f"list its photos there, put masks into {tagged_root}/masks, or take the split 'train'"
    assert str(error.value) == f"{tagged_root}/val.txt: there is no such split: {advice}"
    with pytest.raises(UserError) as error:
        folder.names("test")
    advice = "list its photos there, or take the split 'train'"
    assert str(error.value) == f"{tagged_root}/test.txt: there is no such split: {advice}"
    with pytest.raises(UserError) as error:
        folder.mask("one.jpg")
    expected = "there is no such file: add it or remove it from the data"
    assert str(error.value) == f"{tagged_root}/masks/one.png: {expected}"
    with pytest.raises(UserError, match=r"tags\.csv: there is no row for 'four\.jpg': its tags are not known$"):
        folder.tags("four.jpg")


def test_nothing_but_negatives(tagged_root):
    (tagged_root / "tags.csv").write_text("image,tags\none.jpg,\n")
    with pytest.raises(UserError, match=r"tags\.csv: no photo has a tag: there is nothing to learn$"):
        TaggedFolder(tagged_root)


def test_folder_without_tags(tmp_path):
    with pytest.raises(UserError) as error:
        TaggedFolder(tmp_path)
    assert str(error.value) == f"{tmp_path}/tags.csv: there is no such file: create it, or check the folder"


def test_two_sources_of_tags(tagged_root):
    (tagged_root / "onehot.csv").write_text("image,cat\none,1\n")
    with pytest.raises(UserError, match=r"has tags\.csv and onehot\.csv, and each would say what the tags are: keep "):
        TaggedFolder(tagged_root)


def test_one_folder_for_each_class(tagged_root):
    (tagged_root / "tags.csv").unlink()
    for name in ("one.jpg", "three.jpeg"):
        (tagged_root / "few").mkdir(exist_ok=True)
        (tagged_root / name).rename(tagged_root / "few" / name)
    folder = TaggedFolder(tagged_root)
    assert folder.class_names == ("few", "more")
    assert folder.names("train") == ["few/one.jpg", "few/three.jpeg", "more/two.png"]
    assert [folder.tags(name).tolist() for name in folder.names("train")] == [[1, 0], [1, 0], [0, 1]]


def test_vocs_layout_is_not_folders_of_classes(tagged_root):
    (tagged_root / "tags.csv").unlink()
    (tagged_root / "more").rename(tagged_root / "JPEGImages")
    with pytest.raises(UserError) as error:
        TaggedFolder(tagged_root)
    advice = "if it is in VOC's layout, set data.format=voc"
    assert str(error.value) == f"{tagged_root}: has JPEGImages/ and no tags.csv: {advice}"


def test_photos_with_masks_are_the_split_val(tagged_root):
    write_mask(tagged_root / "masks" / "more" / "two.png", np.ones((20, 24), np.uint8))
    folder = TaggedFolder(tagged_root)
    assert folder.splits() == ["train", "val"]
    assert folder.names("val") == ["more/two.png"] and len(folder.names("train")) == 3
    assert np.all(folder.mask("more/two.png") == 1)


def test_lists_hold_photos_out_of_training(tagged_root):
    (tagged_root / "val.txt").write_text("three\n")
    (tagged_root / "test.txt").write_text("more\\two.png\n")
    folder = TaggedFolder(tagged_root)
    assert folder.splits() == ["train", "val", "test"]
    assert [folder.names(split) for split in folder.splits()] == [["one.jpg"], ["three.jpeg"], ["more/two.png"]]
    (tagged_root / "train.txt").write_text("more/two\n")
    assert folder.names("train") == ["more/two.png"]
    (tagged_root / "val.txt").write_text("one\ntwo\n")
    with pytest.raises(UserError) as error:
        folder.names("val")
    assert str(error.value) == f"{tagged_root}/val.txt: there is no photo 'two' in {tagged_root}"


def test_nothing_left_to_train_on(tagged_root):
    (tagged_root / "val.txt").write_text("three\none\nmore/two\n")
    with pytest.raises(UserError) as error:
        TaggedFolder(tagged_root).names("train")
    expected = "no training image left: val.txt and test.txt list them all"
    assert str(error.value) == f"{tagged_root}/tags.csv: {expected}"


@pytest.mark.parametrize("source", ["masks/one.png", "one.json", "coco.json"])
def test_masks_without_tags_are_enough_for_evaluation(tmp_path, source):
    """Where the classes are known from elsewhere, that is from the trained network."""
    save_photo(tmp_path / "one.jpg")
    (tmp_path / source).parent.mkdir(exist_ok=True)
    (tmp_path / source).write_text(
        '{"images": [{"id": 1, "file_name": "one.jpg"}], "categories": [], "annotations": []}'
    )
    folder = TaggedFolder(tmp_path, ("cat", "dog"))
    assert folder.names("val") == ["one.jpg"] and folder.splits() == ["val"]
    with pytest.raises(UserError) as error:
        folder.names("train")
    assert str(error.value) == f"{tmp_path}/tags.csv: there is no such file: training needs tags"
    with pytest.raises(UserError, match=r"tags\.csv: there is no such file: create it, or check the folder$"):
        TaggedFolder(tmp_path)


def test_more_classes_than_a_mask_holds(tagged_root):
    (tagged_root / "tags.csv").write_text("image,tags\none.jpg," + ";".join(f"c{i}" for i in range(255)) + "\n")
    with pytest.raises(UserError) as error:
        TaggedFolder(tagged_root)
    expected = "there are 255 classes, and masks hold at most 254: merge some"
    assert str(error.value) == f"{tagged_root}/tags.csv: {expected}"
