"""What is found in classes' names, and that what is to be pasted mends it."""

import subprocess
import sys

import pytest
from surveys import made_up
from written_layouts import photos, put

from wsfcn_tf.data.doctor import examine, name_checks, survey, tag_checks
from wsfcn_tf.data.doctor.checks import CHECKS

NAMES = (name_checks.named_like_folders, name_checks.lists_of_classes, name_checks.swallowed)


def found(check, *class_names):
    """Places of what a check finds in these names."""
    return [finding.where for finding in check(made_up(class_names=class_names))]


def pasted(root, check, folder="FOLDER", **options):
    """Pastes what mends the only finding of a check; the folder's classes and tags by the photos' stems then."""
    (finding,) = check(survey(root, progress=False, **options))
    assert finding.level in ("warning", "error") and finding.paste and finding.advice
    for line in finding.paste:
        command = line.replace("python -m", f"{sys.executable} -m").replace("FOLDER", str(folder))
        subprocess.run(command, shell=True, check=True, capture_output=True)
    return shown(folder if folder != "FOLDER" else root)


def shown(root, **options):
    done = survey(root, progress=False, **options)
    assert not [finding for check in NAMES for finding in check(done)]
    return done.class_names, {name.rpartition("/")[2][0]: sorted(tags) for name, tags in done.tags.items()}


def test_all_are_asked():
    assert set(NAMES) <= set(CHECKS)


def test_names_of_splits_and_of_tools_folders():
    assert found(name_checks.named_like_folders, "cat", "train", "Images", "val", "trains") == [
        ("train: 0 photos", "Images: 0 photos", "val: 0 photos")
    ]
    assert found(name_checks.named_like_folders, "cat", "dog", "traffic light") == []


def test_lists():
    names = ("cat", "dog", "cat, dog", "Dog_Cat", "cat and mouse", "hot dog")
    assert found(name_checks.lists_of_classes, *names) == [
        ("'cat, dog': 'cat' and 'dog'", "'Dog_Cat': 'dog' and 'cat'")
    ]
    assert found(name_checks.lists_of_classes, "hot", "hot dog", "dog") == [("'hot dog': 'hot' and 'dog'",)]
    assert found(name_checks.lists_of_classes, "hot dog", "dog", "traffic light", "light/dark") == []


def test_tags_in_one_cell():
    assert found(name_checks.swallowed, "cat|dog", "dog|cow", "tv/monitor") == [
        ("'cat|dog' may be 'cat' and 'dog'", "'dog|cow' may be 'dog' and 'cow'")
    ]
    assert found(name_checks.swallowed, "cat", "cat/cow", "traffic light", "traffic sign") == [
        ("'cat/cow' may be 'cat' and 'cow'",)
    ]
    assert found(name_checks.swallowed, "tv/monitor", "cat") == []
    assert found(name_checks.swallowed, "cat, dog", "cat", "dog") == []  # told as a list


def test_a_list_in_tags_csv_is_parted(tmp_path):
    photos(tmp_path)
    put(tmp_path, "classes.txt", "cat, dog\ncat\ndog\n")
    put(tmp_path, "tags.csv", 'image,tags\na.jpg,"cat, dog"\nb.jpg,"cat, dog;cat"\nc.jpg,dog\nd.jpg,\n')
    expected = {"a": ["cat", "dog"], "b": ["cat", "dog"], "c": ["dog"], "d": []}
    assert pasted(tmp_path, name_checks.lists_of_classes) == (("cat", "dog"), expected)


@pytest.mark.parametrize("mark", [",", "|"])
def test_tags_that_another_mark_parts_in_tags_csv(tmp_path, mark):
    photos(tmp_path)
    rows = (("a", f"cat{mark} dog{mark}cow"), ("b", f"cat{mark}dog"), ("c", "dog"), ("d", ""))
    put(tmp_path, "tags.csv", "image,tags\n" + "".join(f'{name}.jpg,"{tags}"\n' for name, tags in rows))
    expected = {"a": ["cat", "cow", "dog"], "b": ["cat", "dog"], "c": ["dog"], "d": []}
    assert pasted(tmp_path, tag_checks.mistakes) == (("cat", "cow", "dog"), expected)


def test_a_table_s_separator(tmp_path):
    photos(tmp_path)
    put(tmp_path, "classes.txt", "cat\ndog\ncat dog\n")
    put(tmp_path, "labels.csv", "id,label\na,cat\nb,cat dog\nc,dog\nd,\n")
    (finding,) = name_checks.lists_of_classes(survey(tmp_path, progress=False))
    assert finding.paste == ("--set data.tag_separator=space",)


def test_a_class_folder_that_is_a_split(tmp_path):
    for folder in ("cat", "train/dog", "train/cow"):
        photos(tmp_path, folder, "ab")
    (tmp_path / "train" / "cow" / "b.jpg").rename(tmp_path / "train" / "cow" / "c.jpg")
    classes, tags = pasted(tmp_path, name_checks.named_like_folders)
    assert classes == ("cat", "cow", "dog") and tags["c"] == ["cow"]


def test_another_tool_s_folder_is_mended_in_its_import(tmp_path):
    for folder in ("cat", "dog", "cat+dog", "images"):
        photos(tmp_path / "in", folder, folder[0])
    (tmp_path / "in" / "cat+dog" / "c.jpg").rename(tmp_path / "in" / "cat+dog" / "b.jpg")
    (finding,) = name_checks.lists_of_classes(survey(tmp_path / "in", progress=False))
    assert finding.paste[0].startswith("python -m wsfcn_tf prepare-data import ")
    before = survey(tmp_path / "in", progress=False)
    (other,) = name_checks.named_like_folders(before)
    out = tmp_path / "out"
    for line in (*finding.paste, *other.paste[1:]):
        command = line.replace("python -m", f"{sys.executable} -m").replace("FOLDER", str(out))
        subprocess.run(command, shell=True, check=True, capture_output=True)
    assert shown(out) == (("cat", "dog"), {"c": ["cat"], "d": ["dog"], "b": ["cat", "dog"], "i": []})
    assert not [finding for finding in examine(survey(out, progress=False)) if finding.level == "error"]
