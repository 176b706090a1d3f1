import json

import pytest
from opened_layouts import opened, refused, shown
from written_layouts import TAGS, label_studio, label_studio_csv, label_studio_min, photos, put, write


@pytest.mark.parametrize(
    "address",
    [
        "/data/upload/3/0123abcd-{}.jpg",
        "/data/local-files/?d=photos/{}.jpg",
        "s3://bucket/pets/{}.jpg",
        "https://host/a%20b/{}.jpg?token=1",
        "{}.jpg",
    ],
)
def test_addresses_of_photos(tmp_path, address):
    photos(tmp_path, "photos")
    tasks = label_studio()
    for task, name in zip(tasks, TAGS, strict=True):
        task["data"] = {"image": address.format(name), "note": "text"}
    put(tmp_path, "export.json", json.dumps(tasks))
    assert shown(opened(tmp_path)[0]) == TAGS


def test_a_name_with_the_uploads_prefix_comes_first(tmp_path):
    photos(tmp_path)
    for name in "abcd":
        (tmp_path / f"{name}.jpg").rename(tmp_path / f"0123abcd-{name}.jpg")
    photos(tmp_path)
    put(tmp_path, "export.json", json.dumps(label_studio()))
    assert opened(tmp_path)[0].names("train")[0] == "0123abcd-a.jpg"


def test_tasks_that_nobody_finished_are_left_out(tmp_path):
    write(tmp_path, "Label Studio JSON")
    tasks = label_studio()
    tasks[1]["annotations"] = []
    tasks[2]["annotations"][0]["was_cancelled"] = True
    put(tmp_path, "export.json", json.dumps(tasks))
    dataset, told = opened(tmp_path)
    assert shown(dataset) == {"a": ("cat",), "d": ()}
    assert told[1:] == [f"{tmp_path}: photos without an annotation, left out: 2"]


def test_annotations_of_several_people(tmp_path):
    write(tmp_path, "Label Studio JSON")
    tasks = label_studio()
    tasks[1]["annotations"] *= 2
    put(tmp_path, "export.json", json.dumps(tasks))
    assert shown(opened(tmp_path)[0]) == TAGS
    tasks[1]["annotations"][1] = {"result": []}
    put(tmp_path, "export.json", json.dumps(tasks))
    assert refused(tmp_path) == "ROOT/export.json: task 2: its 2 annotations differ: keep one of them"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": {"text": "hello"}}, "names 0 photos, not one"),
        ({"data": {"image": "x.jpg"}}, "there is no photo 'x.jpg' in ROOT"),
        ({"data": None}, "is not Label Studio's: data and annotations are a list of results there"),
        ({"annotations": [{}]}, "an annotation has no list of results: export it again"),
        (
            {"annotations": [{"result": [{"value": {"choices": "cat"}}]}]},
            "'choices' is no list of texts: export it again",
        ),
    ],
)
def test_mistakes(tmp_path, change, words):
    write(tmp_path, "Label Studio JSON")
    tasks = label_studio()
    tasks[1] |= change
    put(tmp_path, "export.json", json.dumps(tasks))
    assert refused(tmp_path) == f"ROOT/export.json: task 2: {words}"


def test_a_column_of_text_beside_the_choice_is_asked_about(tmp_path):
    photos(tmp_path)
    lines = label_studio_csv().splitlines()
    put(tmp_path, "export.csv", "\n".join([f"{lines[0]},place", *(f"{line},garden" for line in lines[1:])]))
    words = "could hold the tag: say which does with data.tag_column (--tag-column)"
    assert refused(tmp_path) == f"ROOT/export.csv: 'choice', 'place' {words}"
    assert shown(opened(tmp_path, tag_column="choice")[0]) == TAGS
    words = "there is no 'pet', which data.tag_column (--tag-column) names"
    assert refused(tmp_path, tag_column="pet") == f"ROOT/export.csv: line 2: {words}"
    put(tmp_path, "export.json", json.dumps([entry | {"note": "blurred"} for entry in label_studio_min()[:1]]))
    (tmp_path / "export.csv").unlink()
    assert refused(tmp_path).startswith(
        "ROOT/export.json: 'note' could hold the tag: "
    )  # it is no choice of the usual name
    assert shown(opened(tmp_path, tag_column="brush")[0]) == {"a": ("cat",)}


def test_one_of_several_questions(tmp_path):
    write(tmp_path, "Label Studio JSON")
    tasks = label_studio()
    for task in tasks:
        quality = {"from_name": "quality", "value": {"choices": ["good"]}}
        for result in task["annotations"][0]["result"]:
            result["from_name"] = "animal"
        task["annotations"][0]["result"].append(quality)
    put(tmp_path, "export.json", json.dumps(tasks))
    assert shown(opened(tmp_path)[0])["d"] == ("good",)
    assert shown(opened(tmp_path, tag_column="animal")[0]) == TAGS


def test_two_exports(tmp_path):
    write(tmp_path, "Label Studio JSON")
    put(tmp_path, "export.csv", label_studio_csv())
    words = "has 'export.json', 'export.csv', and each would say what the tags are: keep one of them"
    assert refused(tmp_path) == f"ROOT: {words}"
