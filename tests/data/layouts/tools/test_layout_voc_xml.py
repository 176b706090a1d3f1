import pytest
from opened_layouts import opened, refused, shown
from written_layouts import TAGS, photos, put, voc_xml, write


def test_folders_of_splits(tmp_path):
    for split, names in (("train", "ab"), ("valid", "cd")):
        photos(tmp_path, split, names)
        for name in names:
            put(tmp_path, f"{split}/{name}.xml", voc_xml(name))
    dataset, told = opened(tmp_path)
    assert told == [f"{tmp_path}: recognised as voc_xml: VOC's XML ('train/a.xml')"]
    assert shown(dataset) == {name: TAGS[name] for name in "ab"}
    assert shown(dataset, "val") == {name: TAGS[name] for name in "cd"}


def test_lists_of_splits(tmp_path):
    write(tmp_path, "VOC")
    put(tmp_path, "ImageSets/Main/train.txt", "b\na\n")
    put(tmp_path, "ImageSets/Main/val.txt", "c  1\n")
    dataset, told = opened(tmp_path)
    assert shown(dataset) == {name: TAGS[name] for name in "ab"} and shown(dataset, "val") == {"c": ("dog",)}
    assert told[1:] == [
        f"{tmp_path}: splits are those of ImageSets/Main/",
        f"{tmp_path}: photos without an annotation, left out: 1",
    ]
    put(tmp_path, "ImageSets/Main/val.txt", "a\n")
    assert refused(tmp_path) == "ROOT/ImageSets/Main/val.txt: lists 'a', which is in train.txt, too: keep one"


def test_masks_of_the_same_name_are_not_the_photos(tmp_path):
    write(tmp_path, "VOC")
    (tmp_path / "SegmentationClass").mkdir()
    for name in "abcd":
        (tmp_path / "JPEGImages" / f"{name}.jpg").rename(tmp_path / "JPEGImages" / f"{name}.png")
        photos(tmp_path, "SegmentationClass", name)
        put(tmp_path, f"Annotations/{name}.xml", voc_xml(name, name))
    dataset, told = opened(tmp_path)
    assert dataset.names("train")[0] == "JPEGImages/a.png" and len(told) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<annotation>", "is not valid XML: no element found: line 1, column 12"),
        ("", "is not valid XML: no element found: line 1, column 0"),
        ("<html/>", "is not VOC's: its outermost element is 'html', not 'annotation'"),
        ("<annotation><object/></annotation>", "a label is empty: name it, or remove what has it"),
        (
            "<annotation><filename>b.jpg</filename></annotation>",
            "lies beside a.jpg, but names b.jpg: remove the wrong one",
        ),
    ],
)
def test_mistakes(tmp_path, text, words):
    write(tmp_path, "VOC, XML beside the photos")
    put(tmp_path, "a.xml", text)
    assert refused(tmp_path, "voc_xml") == f"ROOT/a.xml: {words}"


def test_a_photo_that_is_not_there(tmp_path):
    write(tmp_path, "VOC")
    (tmp_path / "JPEGImages" / "b.jpg").unlink()
    assert refused(tmp_path) == "ROOT/Annotations/b.xml: there is no photo 'b' in ROOT"


def test_a_photo_that_was_renamed_with_its_annotation(tmp_path):
    write(tmp_path, "VOC")
    put(tmp_path, "Annotations/a.xml", voc_xml("a", "IMG_0001.jpg"))
    assert shown(opened(tmp_path)[0]) == TAGS


def test_vocs_own_layout_with_other_classes(tmp_path):
    """It is ours if it has lists for segmentation, and its classes VOC's; the format says otherwise."""
    write(tmp_path, "VOC")
    put(tmp_path, "ImageSets/Segmentation/train.txt", "a\nb\n")
    assert opened(tmp_path)[0].names("train") == ["a", "b"]
    assert shown(opened(tmp_path, "voc_xml")[0]) == TAGS
