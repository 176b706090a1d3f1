import pytest
from opened_layouts import opened, refused, shown
from written_layouts import TAGS, photos, put, write, yolo


def test_roboflows_paths(tmp_path):
    """They begin with ../, although the file lies beside the folders; the second names the same."""
    for split, names in (("train", "ab"), ("valid", "cd")):
        photos(tmp_path, f"{split}/images", names)
        for name in names:
            put(tmp_path, f"{split}/labels/{name}.txt", yolo(name))
    lines = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\nnames: ['cat', 'dog']\n"
    put(tmp_path, "data.yaml", lines)
    dataset, told = opened(tmp_path)
    assert told == [f"{tmp_path}: recognised as yolo: YOLO's data.yaml"]
    assert dataset.splits() == ["train", "val"] and dataset.class_names == ("cat", "dog")
    assert shown(dataset) == {name: TAGS[name] for name in "ab"}
    assert shown(dataset, "val") == {name: TAGS[name] for name in "cd"}


def test_lists_of_photos_and_photos_in_two_splits(tmp_path):
    write(tmp_path, "YOLO")
    put(tmp_path, "data.yaml", "train: [list.txt]\nval: images/train\nnames: [cat, dog]\n")
    put(tmp_path, "list.txt", "./images/train/b.jpg\n/home/me/images/train/a.jpg\n")
    dataset, _ = opened(tmp_path)
    assert dataset.names("train") == ["images/train/b.jpg", "images/train/a.jpg"]
    assert len(dataset.names("val")) == 4


def test_no_text_file_means_no_class_but_not_for_a_whole_split(tmp_path):
    write(tmp_path, "YOLO")
    (tmp_path / "labels" / "train" / "c.txt").unlink()
    photos(tmp_path, "images/test", "xy")
    put(tmp_path, "data.yaml", "train: images/train\ntest: images/test\nnames: [cat, dog]\n")
    dataset, told = opened(tmp_path)
    assert shown(dataset) == TAGS | {"c": ()} and dataset.splits() == ["train"]
    assert told[1:3] == [
        f"{tmp_path}: photos of test, which has no text files, left out: 2",
        f"{tmp_path}: photos without a text file, taken to show none of the classes: 1",
    ]


def test_folders_without_a_data_file(tmp_path):
    write(tmp_path, "YOLO")
    (tmp_path / "data.yaml").unlink()
    where = "ROOT: its text files number the classes"
    assert refused(tmp_path) == f"{where}: name them in a data.yaml or classes.txt"
    put(tmp_path, "obj.names", "cat\ndog\n")
    assert shown(opened(tmp_path)[0]) == TAGS
    put(tmp_path, "labels/classes.txt", "dog\ncat\n")
    assert refused(tmp_path) == "ROOT/labels/classes.txt: names other classes than obj.names: keep one"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2 0.5 0.5 0.1 0.1", "there is no class 2 in ROOT/data.yaml, which names 2: add it"),
        ("-1 0.5 0.5 0.1 0.1", "there is no class -1 in ROOT/data.yaml, which names 2: add it"),
        ("0.5 0.5 0.5 0.1 0.1", "is not a class's number and a box or polygon: mend it"),
        ("0 0.5 0.5", "is not a class's number and a box or polygon: mend it"),
        ("cat 0.5 0.5 0.1 0.1", "is not a class's number and a box or polygon: mend it"),
        ("0 nan 0.5 0.1 0.1", "is not a class's number and a box or polygon: mend it"),
    ],
)
def test_lines_that_are_none(tmp_path, line, words):
    write(tmp_path, "YOLO")
    put(tmp_path, "labels/train/c.txt", f"0 0.5 0.5 0.1 0.1\n\n{line}\n")
    assert refused(tmp_path) == f"ROOT/labels/train/c.txt: line 2: {words}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train: images/other\nnames: [cat]\n", "train: there is no photo in 'images/other', looked for in ROOT"),
        ("train: other.txt\nnames: [cat]\n", "train: there is no list 'other.txt', looked for in ROOT"),
        ("train: 3\nnames: [cat]\n", "train: '3' is no folder: name that of the split's photos"),
        ("train: images\nnames: [cat, dog]\nnc: 3\n", "nc is 3, but there are 2 names: mend it"),
        ("train: images\nnames: {0: cat, 2: dog}\n", "names: has to number the classes from 0 on without a gap"),
        ("train: images\nnames: cat\n", "names: has to be a list of the classes' names, such as [cat, dog]"),
        ("train: images\nval: images\nvalid: images\nnames: [cat, dog]\n", "has val and valid, which are the same"),
        ("names: [cat, dog\n", "is not valid YAML: mend it"),
    ],
)
def test_data_files_that_are_wrong(tmp_path, text, words):
    write(tmp_path, "YOLO")
    put(tmp_path, "data.yaml", text)
    assert f"ROOT/data.yaml: {words}" in refused(tmp_path, "yolo")


def test_a_split_is_not_looked_for_among_all_images(tmp_path):
    """../valid/images must not become images/, which holds the photos of training."""
    write(tmp_path, "YOLO")
    put(tmp_path, "data.yaml", "train: images/train\nval: ../valid/images\nnames: [cat, dog]\n")
    assert refused(tmp_path).startswith("ROOT/data.yaml: val: there is no photo in '../valid/images'")


def test_two_data_files(tmp_path):
    write(tmp_path, "YOLO")
    put(tmp_path, "pets.yaml", "train: images/train\nnames: [dog, cat]\n")
    assert refused(tmp_path) == "ROOT/data.yaml and pets.yaml both name classes: keep one"
