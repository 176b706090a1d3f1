import pytest

from wsfcn_tf.data.tagged import TaggedFolder
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


def test_other_splits_masks_and_unknown_photos(tagged_root):
    folder = TaggedFolder(tagged_root)
    with pytest.raises(UserError, match=r"a folder of tagged photos has the split 'train' only, not 'val'$"):
        folder.names("val")
    with pytest.raises(UserError, match=r"a folder of tagged photos has no masks: evaluation needs data\.format=voc$"):
        folder.mask("one.jpg")
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
