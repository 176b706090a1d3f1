import json

import pytest
from opened_layouts import opened, refused, shown
from written_layouts import coco, photos, put


def test_roboflows_splits(tmp_path):
    """Category 0, which nothing uses, is no class; photos of the same name lie in two splits."""
    for split, names in (("train", "ab"), ("valid", "ac"), ("test", "d")):
        photos(tmp_path, split, names)
        value = coco(names)
        value["categories"].insert(0, {"id": 0, "name": "pets", "supercategory": "none"})
        value["annotations"] = value["annotations"] or [{"image_id": 0, "category_id": 2}]
        put(tmp_path, f"{split}/_annotations.coco.json", json.dumps(value))
    dataset, _ = opened(tmp_path)
    assert dataset.class_names == ("cat", "dog") and dataset.splits() == ["train", "val", "test"]
    assert dataset.names("val") == ["valid/a.jpg", "valid/c.jpg"]
    assert shown(dataset, "val") == {"a": ("cat",), "c": ("dog",)} and shown(dataset, "test") == {"d": ("dog",)}


def test_a_category_0_that_is_used_is_a_class(tmp_path):
    photos(tmp_path)
    put(tmp_path, "a.json", json.dumps(coco("abcd", first=0)))
    assert shown(opened(tmp_path)[0])["a"] == ("cat",)


def test_categories_are_in_the_order_of_their_numbers(tmp_path):
    photos(tmp_path)
    more = [{"id": 11, "name": "ant"}, {"id": 9, "name": " zebra "}, {"id": 10, "name": "background"}]
    value = coco("abcd")
    value["categories"] = more + value["categories"]
    put(tmp_path, "a.json", json.dumps(value))
    assert opened(tmp_path)[0].class_names == ("cat", "dog", "zebra", "ant")


def test_label_studios_file_names(tmp_path):
    photos(tmp_path, "images")
    put(tmp_path, "result.json", json.dumps(coco("abcd", "images\\")))
    assert len(shown(opened(tmp_path)[0])) == 4


def test_a_split_without_annotations_is_not_taken_for_negatives(tmp_path):
    photos(tmp_path, "train2017", "ab")
    photos(tmp_path, "test2017", "cd")
    put(tmp_path, "annotations/instances_train2017.json", json.dumps(coco("ab")))
    put(tmp_path, "annotations/instances_test2017.json", json.dumps(coco("cd", annotations=[])))
    dataset, told = opened(tmp_path)
    assert dataset.splits() == ["train"]
    words = "photos of annotations/instances_test2017.json, which has no annotations, left out: 2"
    assert f"{tmp_path}: {words}" in told


def test_two_files_of_one_split(tmp_path):
    photos(tmp_path)
    for name in ("a.json", "b.json"):
        put(tmp_path, name, json.dumps(coco("abcd")))
    words = "are both COCO files of train: keep one, or name it after its split"
    assert refused(tmp_path) == f"ROOT/a.json and ROOT/b.json {words}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"images": [{"id": 1, "file_name": "x.jpg"}]}, "annotation 1: there is no image '0': mend it"),
        ({"images": [{"id": 0, "file_name": "x.jpg"}]}, "image '0': there is no photo 'x.jpg' in ROOT"),
        ({"images": [{"id": 0}]}, "entry 1 of 'images': its 'file_name' is missing or wrong: mend it"),
        ({"images": [{"id": 0, "file_name": "a.jpg"}] * 2}, "two images have the same id: mend it"),
        (
            {"images": [{"id": 0, "file_name": "a.jpg"}, {"id": 1, "file_name": "./a.jpg"}]},
            "image '1': photo 'a.jpg' is there twice: keep one entry",
        ),
        ({"categories": [{"id": 7, "name": "cat"}]}, "annotation 1: there is no category '1': mend it"),
        ({"categories": [{"id": 1, "name": " "}]}, "category 1: a label is empty: name it, or remove what has it"),
        (
            {"categories": [{"id": 1, "name": "a\nb"}]},
            "category 1: tag 'a\\nb' holds a line break",
        ),
    ],
)
def test_mistakes(tmp_path, change, words):
    photos(tmp_path)
    put(tmp_path, "a.json", json.dumps(coco("a") | change))
    assert refused(tmp_path).startswith(f"ROOT/a.json: {words}")


def test_a_photo_that_can_be_one_of_two(tmp_path):
    photos(tmp_path, "one", "a")
    photos(tmp_path, "two", "a")
    put(tmp_path, "a.json", json.dumps(coco("a")))
    words = "photo 'a.jpg' can be one/a.jpg or two/a.jpg in ROOT: rename one of them"
    assert refused(tmp_path, "coco") == f"ROOT/a.json: image '0': {words}"
    put(tmp_path, "one/a.json", json.dumps(coco("a")))  # where it lies beside one of them, that is meant
    (tmp_path / "a.json").unlink()
    assert opened(tmp_path, "coco")[0].names("train") == ["one/a.jpg"]


def test_a_broken_file_beside_a_good_one_is_not_passed_over(tmp_path):
    photos(tmp_path, "train", "a")
    put(tmp_path, "train/_annotations.coco.json", json.dumps(coco("a")))
    put(tmp_path, "valid/_annotations.coco.json", '{"images": [')
    assert refused(tmp_path).startswith("ROOT/valid/_annotations.coco.json: is not JSON")
