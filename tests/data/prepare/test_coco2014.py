"""`prepare-data coco` as a user types it, on COCO's files in miniature."""

import json

import numpy as np
import pytest
from tiny_originals import HEIGHT, WIDTH, annotation, coco_categories, make_coco, photo, rectangle

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.prepare import coco2014
from wsfcn_tf.data.tags.class_names import COCO


def prepare(root, output, *arguments):
    command = ["prepare-data", "coco", "--images", str(root), "--annotations", str(root), "--output", str(output)]
    return main([*command, *arguments])


def error(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert "Traceback" not in "".join(lines)
    return lines[-1]


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("year", [2014, 2017])
def test_the_folder_is_what_vocfolder_reads(tmp_path, capsys, year):
    make_coco(tmp_path / "coco", year)
    assert prepare(tmp_path / "coco", tmp_path / "out") == 0
    folder = VocFolder(tmp_path / "out")
    names = {number: f"{number:012d}" for number in (1, 2, 4)}
    if year == 2014:
        names = {key: f"COCO_{'val' if key == 4 else 'train'}2014_{name}" for key, name in names.items()}
    assert folder.class_names == COCO
    assert folder.names("train") == [names[1], names[2]]  # 3 has no objects
    assert folder.names("val") == [names[4]]
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[:8] = 1
    expected[2:6, 2:6] = 1 + COCO.index("cat")  # the smaller one is on top
    np.testing.assert_array_equal(folder.mask(names[1]), expected)
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[:, 0] = 255
    np.testing.assert_array_equal(folder.mask(names[2]), expected)
    assert folder.image(names[2]).shape == (HEIGHT, WIDTH, 3)  # greyscale
    rows = (tmp_path / "out" / "tags.csv").read_text().splitlines()[1:]
    assert rows == [f"{names[1]}.jpg,person;cat", f"{names[2]}.jpg,toothbrush", f"{names[4]}.jpg,dog"]
    assert capsys.readouterr().out.startswith("train            2 images\nval              1 images\n")


def test_photos_of_one_release_with_the_lists_of_the_other(tmp_path):
    make_coco(tmp_path / "new", 2017)
    make_coco(tmp_path / "old", 2014)
    (tmp_path / "new" / "train2017" / "000000000001.jpg").rename(tmp_path / "new" / "val2017" / "000000000001.jpg")
    for images, annotations in (("new", "old"), ("old", "new")):
        output = tmp_path / f"{images}-{annotations}"
        command = ["prepare-data", "coco", "--images", str(tmp_path / images), "--output", str(output)]
        assert main([*command, "--annotations", str(tmp_path / annotations / "annotations")]) == 0
        assert len(VocFolder(output).names("train")) == 2


def test_2014_goes_before_2017(tmp_path):
    make_coco(tmp_path / "coco", 2017)
    make_coco(tmp_path / "coco", 2014)
    assert prepare(tmp_path / "coco", tmp_path / "out") == 0
    assert VocFolder(tmp_path / "out").names("val") == ["COCO_val2014_000000000004"]


def test_the_complete_files_have_the_papers_counts(tmp_path, monkeypatch, capsys):
    root = make_coco(tmp_path / "coco")
    assert coco2014._COMPLETE == {"instances_train2014.json": (82783, 82081), "instances_val2014.json": (40504, 40137)}
    monkeypatch.setattr(coco2014, "_COMPLETE", {"instances_train2014.json": (3, 3)})
    assert prepare(root, tmp_path / "out") == 2
    assert "the list train has 2 images, not 3: are these the original files?" in error(capsys)
    monkeypatch.setattr(coco2014, "_COMPLETE", {"instances_train2014.json": (4, 3)})  # a subset of the images
    assert prepare(root, tmp_path / "out") == 0


def test_photos_that_cannot_be_used(tmp_path, capsys):
    root = make_coco(tmp_path / "coco")
    photo(root / "train2014" / "COCO_train2014_000000000001.jpg", 0, size=(WIDTH, HEIGHT))
    (root / "train2014" / "COCO_train2014_000000000002.jpg").unlink()
    assert prepare(root, tmp_path / "out") == 2
    assert "error: 1 image cannot be used: there is no COCO_train2014_000000000002.jpg (all in " in error(capsys)
    photo(root / "train2014" / "COCO_train2014_000000000002.jpg", 0)
    assert prepare(root, tmp_path / "out") == 2
    assert (
        "error: 1 image cannot be used: "
        f"{root}/train2014/COCO_train2014_000000000001.jpg: is 12x16 pixels, but its mask is 16x12: " in error(capsys)
    )
    assert prepare(root, tmp_path / "out", "--allow-missing") == 0
    assert VocFolder(tmp_path / "out").names("train") == ["COCO_train2014_000000000002"]
    assert f"left out, and why: {tmp_path}/out/cannot_be_used.txt\n" in capsys.readouterr().out


def test_a_broken_segmentation_names_the_photo_and_the_annotation(tmp_path, capsys):
    root = make_coco(tmp_path / "coco")
    path = root / "annotations" / "instances_val2014.json"
    edit(path, lambda content: content["annotations"][0].update(segmentation=[[0, 0, "x", 4, 5, 6]]))
    assert prepare(root, tmp_path / "out") == 2
    assert (
        f"error: 1 image cannot be used: {root}/val2014/COCO_val2014_000000000004.jpg: annotation 4: "
        "its segmentation is broken (" in error(capsys)
    )


def wrong_category(content):
    content["annotations"][0]["category_id"] = 12


def wrong_image(content):
    content["annotations"][0]["image_id"] = 12


def same_image(content):
    content["images"].append(content["images"][0])


def same_name(content):
    content["images"].append(content["images"][0] | {"id": 9})
    content["annotations"].append(annotation(9, 9, "dog", rectangle(0, 0, 2, 2)))


def only_persons(content):
    content["categories"] = coco_categories()[-1:]


def captions(content):
    content["annotations"] = [{"id": 1, "image_id": 4, "caption": "a dog"}]


def no_categories(content):
    del content["categories"]


NOT_INSTANCES = "an instances_*.json is needed, not captions or another file"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (wrong_category, "annotation 4: there is no category 12: get the file again"),
        (wrong_image, "annotation 4: there is no image 12: get the file again"),
        (same_image, "two images have the same id: get the file again"),
        (same_name, "photo 'COCO_val2014_000000000004.jpg' is there twice or in another list, too"),
        (
            only_persons,
            "has 1 categories (person, ...), not COCO's 80: take instances_*.json of COCO 2014 or 2017",
        ),
        (captions, f"an entry of 'annotations' has no 'category_id': {NOT_INSTANCES}"),
        (no_categories, f"has no 'categories': {NOT_INSTANCES}"),
    ],
)
def test_files_that_are_not_coco_instances(tmp_path, capsys, change, words):
    root = make_coco(tmp_path / "coco")
    path = root / "annotations" / "instances_val2014.json"
    edit(path, change)
    assert prepare(root, tmp_path / "out") == 2
    assert error(capsys) == f"error: {path}: {words}"
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_cut_short(tmp_path, capsys):
    root = make_coco(tmp_path / "coco")
    path = root / "annotations" / "instances_train2014.json"
    path.write_text(path.read_text()[:-5])
    assert prepare(root, tmp_path / "out") == 2
    assert error(capsys).startswith(f"error: {path}: is not JSON or cut short (")


def test_wrong_folders(tmp_path, capsys):
    root = make_coco(tmp_path / "coco")
    (root / "annotations" / "instances_val2014.json").rename(root / "kept.json")
    assert prepare(root, tmp_path / "out") == 2
    assert error(capsys) == (
        f"error: {root}/annotations/instances_val2014.json: there is no such file, "
        "but instances_train2014.json is there: add it"
    )
    (root / "kept.json").rename(root / "annotations" / "instances_val2014.json")
    command = ["prepare-data", "coco", "--output", str(tmp_path / "out")]
    assert main([*command, "--images", str(root), "--annotations", str(root / "val2014")]) == 2
    assert error(capsys) == (
        f"error: {root}/val2014: there is no instances_train2014.json in it (nor 2017's): "
        "name the folder that annotations_trainval2014.zip unpacks to"
    )
    command += ["--annotations", str(root)]
    assert main([*command, "--images", str(root / "annotations")]) == 2
    assert error(capsys) == (
        f"error: {root}/annotations: there is no .jpg file in it: name the folder of COCO's photos"
    )
    photo(tmp_path / "more" / "COCO_val2014_000000000004.jpg", 0)
    assert main([*command, "--images", str(root), str(root / "val2014"), str(tmp_path / "more")]) == 2
    assert error(capsys) == (
        f"error: {tmp_path}/more/COCO_val2014_000000000004.jpg: is in {root}/val2014, too: leave out one of the folders"
    )
