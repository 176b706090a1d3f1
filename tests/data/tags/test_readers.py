import json

import pytest

from wsfcn_tf.data.tags.readers import read_class_folders, read_onehot_csv, read_tag_file, read_tags_jsonl, tag_file
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "dog")


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b c.png", "é/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


EXPECTED = {"é/d.jpg": ("dog", "cat"), "a.jpg": (), "b c.png": ("cat",)}


def test_json_lines(folder):
    lines = [
        json.dumps({"image": "e\u0301/d", "tags": [" dog", "cat"], "author": None}),
        "",
        '{"image": "a.jpg", "tags": []}\r',
        '{"tags": ["cat", ""], "image": "b c.png"}',
    ]
    path = write(folder / "tags.jsonl", "\ufeff" + "\n".join(lines))
    assert list(read_tags_jsonl(path, folder, CLASSES).items()) == list(EXPECTED.items())


@pytest.mark.parametrize("separator", [",", ";"])
def test_one_column_for_each_class(folder, separator):
    text = "dog,image,cat\nx,é/d,1\n,a.jpg,0\n FALSE,b c.png,1.0\n"
    path = write(folder / "onehot.csv", text.replace(",", separator))
    expected = {**EXPECTED, "é/d.jpg": ("dog", "cat")}
    assert list(read_onehot_csv(path, folder, CLASSES).items()) == list(expected.items())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tags.jsonl", "[]", 'line 1: has to be {"image": "NAME", "tags": ["TAG", ...]}'),
        ("tags.jsonl", '{"image": "a.jpg"}', 'line 1: has to be {"image": "NAME", "tags": ["TAG", ...]}'),
        ("tags.jsonl", '{"image": "a", "tags": "cat"}', 'line 1: has to be {"image": "NAME", "tags": ["TAG", ...]}'),
        ("tags.jsonl", '\n{"image": "a"', "line 2: is not JSON: Expecting ',' delimiter"),
        (
            "tags.jsonl",
            '{"image": "a", "tags": [NaN]}',
            "line 1: is not JSON that can be read: NaN is not a JSON value",
        ),
        (
            "tags.jsonl",
            '{"image": "a", "tags": ["dgo"]}',
            "line 1: tag 'dgo' is not in the class list: did you mean 'dog'?",
        ),
        ("tags.jsonl", "", "no training image left: the file lists no photo"),
        (
            "onehot.csv",
            "photo,cat\na,1\n",
            "line 1: there is no column 'image': the header has to be image and the classes, one column each",
        ),
        ("onehot.csv", "image,cat\na\n", "line 2: not as many fields as the header has: mend the row"),
        (
            "onehot.csv",
            "image,cat,dog\na,0,2\n",
            "line 2: column 'dog': '2' is neither yes (1, x) nor no (0, nothing): mend it",
        ),
        (
            "onehot.csv",
            "image,cow\na,1\n",
            "line 2: tag 'cow' is not in the class list: the classes are cat, dog",
        ),
    ],
)
def test_mistakes(folder, name, text, message):
    path = write(folder / name, text)
    with pytest.raises(UserError) as error:
        read_tag_file(path, folder, CLASSES)
    assert str(error.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("a\\nb", "'a\\nb' holds a line break or control character: remove it"),
        ("\\ud800", "'\\ud800' holds a line break or control character: remove it"),
        ("background", None),
    ],
)
def test_what_cannot_be_a_class(folder, tag, message):
    path = write(folder / "tags.jsonl", f'{{"image": "a", "tags": ["{tag}"]}}')
    with pytest.raises(UserError) as error:
        read_tag_file(path, folder)
    background = "'background' is no tag: leave the tags empty if a photo shows nothing else"
    assert str(error.value) == f"{path}: line 1: " + (f"tag {message}" if message else background)


def test_mistakes_can_be_collected(folder):
    path = write(folder / "tags.csv", "image,tags\na.jpg,cat\nz.jpg,dog\nb c.png,cow\na,dog\na b\né/d.jpg,dog\n")
    mistakes = []
    assert read_tag_file(path, folder, CLASSES, mistakes.append) == {"a.jpg": ("cat",), "é/d.jpg": ("dog",)}
    assert [mistake.removeprefix(f"{path}: ")[:6] for mistake in mistakes] == [f"line {n}" for n in (3, 4, 5, 6)]


def test_which_file_it_is(folder):
    assert tag_file(folder) is None
    write(folder / "onehot.csv", "")
    assert tag_file(folder) == folder / "onehot.csv"
    write(folder / "tags.jsonl", "")
    with pytest.raises(UserError) as error:
        tag_file(folder)
    both = "has tags.jsonl and onehot.csv, and each would say what the tags are: keep one of them"
    assert str(error.value) == f"{folder}: {both}"


def test_one_folder_for_each_class(tmp_path):
    for name in ("cat/1.jpg", "cat/deeper/2.jpg", "dog/1.jpg", "background/3.jpg", "masks/1.png", "notes/n.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    expected = {
        "background/3.jpg": (),
        "cat/1.jpg": ("cat",),
        "cat/deeper/2.jpg": ("cat",),
        "dog/1.jpg": ("dog",),
    }
    assert read_class_folders(tmp_path, ("masks",)) == expected
    with pytest.raises(UserError) as error:
        read_class_folders(tmp_path, ("masks",), ("cats", "dog"))
    assert str(error.value) == f"{tmp_path}: cat/: tag 'cat' is not in the class list: did you mean 'cats'?"
    (tmp_path / "4.jpg").touch()
    with pytest.raises(UserError) as error:
        read_class_folders(tmp_path, ("masks",))
    advice = "move it into one (background/ if it shows none), or write a tags.csv"
    assert str(error.value) == f"{tmp_path}/4.jpg: lies in no class's folder: {advice}"


def photos_in(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize(
    "names", [("train/cat/1.jpg", "val/cat/2.jpg"), ("images/1.jpg",), ("Train/1.jpg", "valid/2.jpg", "test/3.jpg")]
)
def test_folders_of_splits_and_tools_are_no_classes(tmp_path, names):
    photos_in(tmp_path, *names)
    with pytest.raises(UserError) as error:
        read_class_folders(tmp_path, ("masks",))
    assert str(error.value).startswith(
        f"{tmp_path}: its folders are {', '.join(sorted({n.split('/')[0] for n in names}))}"
    )
    assert "write a tags.csv" in str(error.value)


def test_a_class_may_be_named_like_a_split(tmp_path):
    """VOC has trains; and what classes.txt names is a class."""
    assert read_class_folders(photos_in(tmp_path / "a", "train/1.jpg", "boat/2.jpg"), ()) == {
        "boat/2.jpg": ("boat",),
        "train/1.jpg": ("train",),
    }
    assert read_class_folders(photos_in(tmp_path / "b", "train/1.jpg"), (), ("train",)) == {"train/1.jpg": ("train",)}


@pytest.mark.parametrize("tag", ["cat, dog", "cat|dog"])
def test_tags_joined_otherwise_are_no_class(folder, tag):
    path = write(folder / "tags.csv", f'image,tags\na,"{tag}"\n')
    with pytest.raises(UserError) as error:
        read_tag_file(path, folder)
    advice = "join tags by ';', or name it in classes.txt if it is one"
    assert str(error.value) == f"{path}: line 2: tag {tag!r} looks like several: {advice}"
    assert read_tag_file(path, folder, (tag,)) == {"a.jpg": (tag,)}


def test_no_folders_no_tags(tmp_path):
    (tmp_path / "1.jpg").touch()
    assert read_class_folders(tmp_path, ()) == {}
