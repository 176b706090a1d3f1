import json

import pytest
from opened_layouts import opened, refused, shown
from written_layouts import TAGS, labelme, photos, put, write


def test_labels_that_are_no_class(tmp_path):
    photos(tmp_path, names="a")
    shapes = [{"label": name} for name in ("_background_", "__ignore__", "background", "cat", "cat", " dog ")]
    put(tmp_path, "a.json", json.dumps({"shapes": shapes, "imagePath": "a.jpg"}))
    assert shown(opened(tmp_path)[0]) == {"a": ("cat", "dog")}


def test_folders_of_splits(tmp_path):
    for split, name in (("train", "a"), ("val", "c")):
        photos(tmp_path, split, name)
        put(tmp_path, f"{split}/{name}.json", labelme(name))
    dataset, _ = opened(tmp_path)
    assert shown(dataset) == {"a": ("cat",)} and shown(dataset, "val") == {"c": ("dog",)}


def test_another_json_file_is_left_out_and_told(tmp_path):
    write(tmp_path, "LabelMe")
    put(tmp_path, "settings.json", "{}")
    dataset, told = opened(tmp_path)
    assert shown(dataset) == TAGS and told[1:] == [f"{tmp_path}: settings.json is not LabelMe's: left out"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shapes": [{"label": "cat"}, {"points": []}]}, "shape 2 has no label: name it, or remove it"),
        ({"shapes": [{"label": ""}]}, "a label is empty: name it, or remove what has it"),
        ({"shapes": {}}, "is not LabelMe's: shapes is a list there, and flags are names with true or false"),
        ({"flags": {"cat": "no"}}, "flag 'cat' is neither true nor false: mend it"),
        ({"imagePath": "b.jpg"}, "lies beside a.jpg, but names b.jpg: remove the wrong one"),
    ],
)
def test_mistakes(tmp_path, change, words):
    write(tmp_path, "LabelMe")
    put(tmp_path, "a.json", json.dumps(json.loads(labelme("a")) | change))
    assert refused(tmp_path, "labelme") == f"ROOT/a.json: {words}"


def test_many_files_are_not_all_looked_into_twice(tmp_path, monkeypatch):
    from wsfcn_tf.data.layouts import folder

    for number in range(40):
        photos(tmp_path, names=["a"])
        (tmp_path / "a.jpg").rename(tmp_path / f"{number}.jpg")
        put(tmp_path, f"{number}.json", labelme("a", f"{number}.jpg"))
    read = []
    monkeypatch.setattr(folder, "read_json", lambda path: read.append(path) or json.loads(path.read_text()))
    assert len(opened(tmp_path)[0].names("train")) == 40 and len(read) == 3
