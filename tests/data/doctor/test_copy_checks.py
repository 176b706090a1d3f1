import json
import subprocess

import pytest
from surveys import made_up, photo

from wsfcn_tf.data.doctor import copy_checks


def findings(check, *arguments, **more):
    return list(check(made_up(*arguments, **more)))


def found(check, *arguments, **more):
    """(level, what, places) of what a check finds."""
    return [(one.level, one.what, one.where) for one in findings(check, *arguments, **more)]


def test_in_two_splits_by_name_or_by_content():
    photos = {"b": photo(digest="same"), "d": photo(digest="same")}
    splits = {"train": "abc", "val": "cde", "test": "f"}
    expected = [("warning", "2 photos in both train and val", ("c", "b = d"))]
    assert found(copy_checks.in_two_splits, splits=splits, photos=photos) == expected


def test_splits_that_are_meant_to_overlap():
    splits = {"train": "ab", "val": "c", "trainval": "abc"}
    assert found(copy_checks.in_two_splits, splits=splits) == []
    expected = [("warning", "1 photo in both train_aug and val", ("c",))]
    assert found(copy_checks.in_two_splits, splits={"train": "a", "train_aug": "ac", "val": "c"}) == expected


def test_photos_that_cannot_be_read_are_not_alike():
    photos = {"a": photo(problem="why"), "b": photo(problem="why")}
    assert found(copy_checks.in_two_splits, splits={"train": "a", "val": "b"}, photos=photos) == []
    assert found(copy_checks.copies, splits={"train": "ab"}, photos=photos) == []


def test_copies():
    tags = {"a": ["cat"], "b": ["dog"], "c": ["cat", "dog"], "d": ["dog", "cat"]}
    photos = {name: photo(digest="one" if name in "ab" else "two") for name in "abcde"}
    splits = {"train": "abcd", "val": "e"}  # the tags of e are not known
    expected = [
        ("warning", "copies of a photo with different tags", ("a = b",)),
        ("note", "photos with the same pixels", ("c = d = e",)),
    ]
    assert found(copy_checks.copies, tags, splits, photos) == expected


def test_alike_in_two_splits():
    """Copies to the pixel are another finding, and so are photos that are in both by name."""
    splits = {"train": "abcx", "val": "defgx"}
    photos = {"c": photo(digest="same"), "f": photo(digest="same")}
    alike = (("a", "d", "e"), ("c", "f"), ("b", "x"))
    (one,) = findings(copy_checks.alike_in_two_splits, splits=splits, photos=photos, alike=alike)
    assert (one.level, one.what) == ("warning", "2 photos of val that look like one of train")
    assert one.where == ("a ~ d", "a ~ e") and one.photos == (("a", "d"), ("a", "e"))
    assert findings(copy_checks.alike_in_two_splits, splits={"train": "ab", "val": "c"}, alike=(("a", "b"),)) == []


def test_alike_with_other_tags():
    tags = {"a": ["cat"], "b": ["dog"], "c": ["cat"], "d": ["cat"], "e": ["cat"], "f": []}
    photos = {"e": photo(digest="same"), "f": photo(digest="same")}
    alike = (("a", "b", "unknown"), ("c", "d"), ("e", "f"))
    photos |= {"unknown": photo(digest="other")}
    (one,) = findings(copy_checks.alike_with_other_tags, tags, photos=photos, alike=alike)
    assert (one.level, one.what, one.where) == ("warning", "photos that look alike with different tags", ("a ~ b",))
    assert one.photos == (("a", "b"),)


def test_the_rows_to_paste(tmp_path):
    tags = {"a, b": ["dog", "cat"], "b": ["cow"], "c": []}
    survey = {"tags": tags, "alike": (("a, b", "b"),), "root": tmp_path}
    assert findings(copy_checks.alike_with_other_tags, **survey)[0].paste == ()
    (tmp_path / "tags.jsonl").touch()
    (one,) = findings(copy_checks.alike_with_other_tags, **survey)
    assert list(map(json.loads, one.paste)) == [{"image": "a, b", "tags": ["cat", "dog", "cow"]}]
    (tmp_path / "tags.csv").touch()
    assert findings(copy_checks.alike_with_other_tags, **survey)[0].paste == ('"a, b",cat;dog;cow',)
    (one,) = findings(copy_checks.alike_with_other_tags, **survey, layout="coco")
    assert one.paste == (f"python -m wsfcn_tf prepare-data import {tmp_path} --output FOLDER",)


@pytest.mark.parametrize("layout, folder", [("voc", "ImageSets/Segmentation"), ("tagged", ".")])
def test_the_command_to_paste(tmp_path, layout, folder):
    """It takes the photos out of the list, also when it is pasted twice, and no other."""
    root = tmp_path / "it's here"
    lists = root / folder
    lists.mkdir(parents=True)
    for name in ("it's.jpg", "d.jpg", "dd.jpg", "a.jpg", "b.jpg"):
        (root / name).touch()
    suffix = "" if layout == "voc" else ".jpg"
    names = [f"{name}{suffix}" for name in ("it's", "d", "dd")]
    (lists / "val.txt").write_text("it's\nd\ndd\n")
    alike = ((f"a{suffix}", *names[:2]),)
    splits = {"train": (f"a{suffix}",), "val": names}
    (one,) = findings(copy_checks.alike_in_two_splits, splits=splits, alike=alike, layout=layout, root=root)
    (command,) = one.paste
    for _ in range(2):
        subprocess.run(["bash", "-c", command], check=True)
        assert (lists / "val.txt").read_text() == "dd\n"
