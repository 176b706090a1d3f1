import numpy as np
import pytest

from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.tags.class_names import VOC
from wsfcn_tf.errors import UserError


def annotate(root, name, *objects):
    """VOC's XML; an object's part has a name too, which is not a tag."""
    parts = "<part><name>head</name></part>"
    text = "".join(f"<object><name>{tag}</name>{parts}</object>" for tag in objects)
    (root / "Annotations").mkdir(exist_ok=True)
    (root / "Annotations" / f"{name}.xml").write_text(f"<annotation><folder>VOC</folder>{text}</annotation>")


def test_photos_tags_and_masks(voc_root):
    folder = VocFolder(voc_root)
    assert folder.class_names == ("cat", "dog", "sheep")
    assert folder.names("train") == list("abcdef")
    assert folder.names("val") == ["e", "f"]
    assert folder.image("a").shape == (20, 24, 3)
    assert [folder.tags(name).tolist() for name in "acd"] == [[1, 0, 0], [1, 0, 1], [0, 0, 0]]
    assert np.all(folder.mask("f") == 3) and folder.mask("f").shape == (20, 24)


def test_tags_from_annotations(voc_root):
    (voc_root / "tags.csv").unlink()
    annotate(voc_root, "a", "dog", "dog", "sheep")
    assert VocFolder(voc_root).tags("a").tolist() == [0, 1, 1]


def test_vocs_own_classes(voc_root):
    (voc_root / "tags.csv").unlink()
    (voc_root / "classes.txt").unlink()
    annotate(voc_root, "a", "aeroplane", "tvmonitor")
    folder = VocFolder(voc_root)
    assert folder.class_names == VOC and len(VOC) == 20
    assert np.flatnonzero(folder.tags("a")).tolist() == [0, 19]


def test_tags_that_are_not_known(voc_root):
    (voc_root / "tags.csv").write_text("image,tags\na.jpg,cat\n")
    with pytest.raises(UserError) as error:
        VocFolder(voc_root).tags("e")
    assert str(error.value) == f"{voc_root}/tags.csv: there is no row for 'e': its tags are not known"
    (voc_root / "tags.csv").unlink()
    with pytest.raises(UserError) as error:
        VocFolder(voc_root).tags("e")
    places = f"{voc_root}/tags.csv nor {voc_root}/Annotations/e.xml"
    assert str(error.value) == f"the tags of 'e' are not known: there is neither {places}"


def test_mistakes_in_annotations(voc_root):
    (voc_root / "tags.csv").unlink()
    annotate(voc_root, "a", "sheeep")
    with pytest.raises(UserError) as error:
        VocFolder(voc_root).tags("a")
    path = voc_root / "Annotations" / "a.xml"
    assert str(error.value) == f"{path}: tag 'sheeep' is not in the class list: did you mean 'sheep'?"
    path.write_text("<annotation>")
    with pytest.raises(UserError, match=r"a\.xml: is not valid XML: no element found: line 1, column 12$"):
        VocFolder(voc_root).tags("a")


def test_mistakes_in_lists(voc_root):
    folder = VocFolder(voc_root)
    lists = voc_root / "ImageSets" / "Segmentation"
    with pytest.raises(UserError) as error:
        folder.names("test")
    assert str(error.value) == f"{lists}/test.txt: there is no such split: the folder has train, val"
    (lists / "val.txt").write_text("e\nz\n")
    with pytest.raises(UserError) as error:
        folder.names("val")
    assert str(error.value) == f"{lists}/val.txt: there is no photo 'z' in {voc_root}/JPEGImages"
    (lists / "train.txt").write_text("\n")
    with pytest.raises(UserError) as error:
        folder.names("train")
    assert str(error.value) == f"{lists}/train.txt: no image left: the list is empty"


def test_classes_that_are_not_known(voc_root):
    (voc_root / "classes.txt").unlink()
    with pytest.raises(UserError) as error:
        VocFolder(voc_root)
    expected = f"{voc_root}/classes.txt: there is no such file: list the classes in it, one per line"
    assert str(error.value) == expected


def test_mask_outside_the_classes(voc_root):
    (voc_root / "classes.txt").write_text("cat\ndog\n")
    (voc_root / "tags.csv").unlink()
    with pytest.raises(UserError, match=r"SegmentationClass/f\.png: label 3 is outside the classes \(0 to 2"):
        VocFolder(voc_root).mask("f")
