"""Each form: written, read back as masks by its own reader or one written from its description, and recognised."""

import json
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from pycocotools.coco import COCO
from shapes import CLASSES, check_same, hard_labels, inside, masks, photo, unpacked, write_photo

from wsfcn_tf.data.annotations.form import Options
from wsfcn_tf.data.annotations.forms import FORMS, WITH_RUN_LENGTHS
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.recognise import read_layout, recognise
from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.data.masks.labelme import read_labelme

SHOWN = {"beach/a 1.jpg": ("cat", "hot dog", '<&> "ä"'), "b+%.png": ("hot dog",), "c.jpg": ()}


def labelled():
    only_dog = np.zeros((30, 40), np.uint8)
    only_dog[5:20, 0:25] = 2
    return [
        photo(hard_labels()),
        photo(only_dog, "b+%", ".png"),
        photo(np.zeros((20, 20), np.uint8), "c"),
    ]


def write(form, root, photos=None, with_photos=False, **options):
    photos = labelled() if photos is None else photos
    opened = FORMS[form](root, CLASSES, Options(photo_prefix="/data/local-files/?d=out/images/", **options))
    for one in photos:
        assert not opened.has(one.name)
        if with_photos:
            write_photo(opened.photos / one.file_name, one.labels)
        opened.write(one)
        assert opened.has(one.name)
    opened.finish([one.name for one in photos])
    return opened.told


# === Readers ===


def read_coco(root, one):
    """By pycocotools alone, later annotations on top."""
    coco = COCO(root / "coco.json")
    (entry,) = (image for image in coco.loadImgs(coco.getImgIds()) if image["file_name"] == one.file_name)
    labels = np.zeros((entry["height"], entry["width"]), np.uint8)
    for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[entry["id"]])):
        pixels = coco.annToMask(annotation).astype(bool)
        rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
        box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
        assert (annotation["area"], annotation["bbox"]) == (pixels.sum(), box)
        assert annotation["score"] == pytest.approx([0.9, 0.75, 0.25][annotation["category_id"] - 1])
        labels[pixels] = annotation["category_id"]
    return labels


def read_labelme_file(root, one):
    return read_labelme(root / f"{one.name}.json", CLASSES)


def read_cvat(root, one):
    """By https://docs.cvat.ai/docs/other/xml_format."""
    document = ElementTree.parse(root / "annotations.xml").getroot()
    (image,) = (image for image in document.iter("image") if image.get("name") == one.file_name)
    labels = np.zeros((int(image.get("height")), int(image.get("width"))), np.uint8)
    for shape in image:
        label = CLASSES.index(shape.get("label")) + 1
        assert float(shape.findtext("attribute[@name='score']")) == pytest.approx([0.9, 0.75, 0.25][label - 1])
        if shape.tag == "polygon":
            points = [tuple(map(float, point.split(","))) for point in shape.get("points").split(";")]
            labels[inside(np.array(points), *labels.shape)] = label
        else:
            left, top, width, height = (int(shape.get(side)) for side in ("left", "top", "width", "height"))
            runs = list(map(int, shape.get("rle").split(", ")))
            box = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
            labels[top : top + height, left : left + width][box] = label
    return labels


def read_label_studio(root, one):
    """By https://labelstud.io/tags/polygonlabels and brushlabels."""
    tasks = json.loads((root / "label_studio.json").read_text(encoding="utf-8"))
    (task,) = (
        task for task in tasks if unquote(task["data"]["image"]) == f"/data/local-files/?d=out/images/{one.file_name}"
    )
    (prediction,) = task["predictions"]
    labels = np.zeros(one.labels.shape, np.uint8)
    for result in prediction["result"]:
        kind, value = result["type"], result["value"]
        if kind == "choices":
            continue
        height, width = result["original_height"], result["original_width"]
        ((name,), label) = value[kind], CLASSES.index(value[kind][0]) + 1
        assert name == CLASSES[label - 1] and result["score"] == pytest.approx([0.9, 0.75, 0.25][label - 1])
        if kind == "polygonlabels":
            points = np.array(value["points"]) * (width / 100, height / 100)
            assert labels.shape == (height, width) and value["closed"]
            labels[inside(points, height, width)] = label
        else:
            assert value["format"] == "rle"
            labels[unpacked(value["rle"]).reshape(height, width, 4)[..., 3] > 0] = label
    return labels


def read_yolo(root, one):
    """By https://docs.ultralytics.com/datasets/segment."""
    labels = np.zeros(one.labels.shape, np.uint8)
    height, width = labels.shape
    for line in (root / "labels" / f"{one.name}.txt").read_text().splitlines():
        number, *values = line.split()
        assert len(values) >= 6 and len(values) % 2 == 0 and all(0 <= float(value) <= 1 for value in values)
        points = np.array(values, float).reshape(-1, 2) * (width, height)
        labels[inside(points, height, width)] = int(number) + 1
    return labels


READERS = {
    "coco": read_coco,
    "labelme": read_labelme_file,
    "cvat": read_cvat,
    "label-studio": read_label_studio,
    "yolo": read_yolo,
}
WAYS = [(form, False) for form in FORMS] + [(form, True) for form in WITH_RUN_LENGTHS]


@pytest.mark.parametrize(("form", "run_lengths"), WAYS)
def test_what_is_written_is_read_back(form, run_lengths, tmp_path):
    write(form, tmp_path, run_lengths=run_lengths)
    for one in labelled():
        check_same(READERS[form](tmp_path, one), one.labels, least=1 if run_lengths else 0.98)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tolerance", [0, 3])
def test_the_tolerance_is_the_user_s(form, tolerance, tmp_path):
    write(form, tmp_path, tolerance=tolerance)
    read = READERS[form](tmp_path, labelled()[0])
    check_same(read, hard_labels(), least={0: 1, 3: 0.93}[tolerance])


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=15, deadline=None)
@given(mask=masks(9))
def test_of_any_small_mask_nothing_is_lost_without_a_tolerance(form, mask, tmp_path_factory):
    root, one = tmp_path_factory.mktemp("form"), photo(mask.astype(np.uint8))
    write(form, root, [one], tolerance=0)
    read = READERS[form](root, one)
    if form == "labelme":  # Pillow may miss a pixel of the outline that it draws
        assert np.count_nonzero(read != one.labels) <= 1
    else:
        np.testing.assert_array_equal(read, one.labels)


@pytest.mark.parametrize("form", ["coco", "labelme", "cvat", "yolo"])
def test_the_folder_is_recognised_with_its_classes(form, tmp_path):
    write(form, tmp_path, with_photos=True)
    folder = SourceFolder(tmp_path)
    found = recognise(folder)
    contents = read_layout(folder, found.name, Choices())
    assert found.name == form
    prefix = "" if form == "labelme" else "images/"
    assert {photo.removeprefix(prefix): set(tags) for photo, tags in contents.tags.items()} == {
        photo: set(tags) for photo, tags in SHOWN.items()
    }
    if form != "labelme":  # which has no list of classes
        assert contents.class_names == CLASSES


def test_what_label_studio_makes_of_its_predictions_is_recognised(tmp_path):
    """It exports annotations, which are what a person has left of the predictions."""
    write("label-studio", tmp_path, with_photos=True)
    file = tmp_path / "label_studio.json"
    tasks = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps([{"data": task["data"], "annotations": task["predictions"]} for task in tasks]))
    folder = SourceFolder(tmp_path)
    assert recognise(folder).name == "label_studio"
    tags = read_layout(folder, "label_studio", Choices()).tags
    assert {photo.removeprefix("images/"): set(tags) for photo, tags in tags.items()} == {
        photo: set(tags) for photo, tags in SHOWN.items()
    }


# === What else is in the files ===


def test_our_own_reader_of_coco(tmp_path):
    assert write("coco", tmp_path) == tmp_path / "coco.json"
    content = json.loads((tmp_path / "coco.json").read_text(encoding="utf-8"))
    assert content["categories"] == [{"id": label, "name": name} for label, name in enumerate(CLASSES, start=1)]
    assert [annotation["id"] for annotation in content["annotations"]] == list(
        range(1, len(content["annotations"]) + 1)
    )
    kinds = {type(annotation["segmentation"]) for annotation in content["annotations"]}
    assert kinds == {list, dict}  # holes in run lengths only
    masks = CocoFile(tmp_path / "coco.json", CLASSES)
    check_same(masks.read("beach/a 1.jpg"), hard_labels())


def test_labelme_s_flags_scores_and_photos(tmp_path):
    original = write_photo(tmp_path / "in" / "x.jpg", hard_labels())
    write("labelme", tmp_path / "out", [photo(hard_labels(), "beach/x", file=original)])
    content = json.loads((tmp_path / "out" / "beach" / "x.json").read_text(encoding="utf-8"))
    assert content["imagePath"] == "../../in/x.jpg" and content["imageData"] is None
    assert (content["imageHeight"], content["imageWidth"]) == (90, 120)
    assert content["flags"] == dict.fromkeys(CLASSES, True)
    assert {(shape["label"], shape["description"]) for shape in content["shapes"]} == {
        ("cat", "score 0.9"), ("hot dog", "score 0.75"), (CLASSES[2], "score 0.25")
    }  # fmt: skip
    write_photo(tmp_path / "out" / "beach" / "y.jpg", hard_labels())
    write("labelme", tmp_path / "out", [photo(hard_labels(), "beach/y", file=original)])
    assert json.loads((tmp_path / "out" / "beach" / "y.json").read_text(encoding="utf-8"))["imagePath"] == "y.jpg"


def test_cvat_s_labels(tmp_path):
    write("cvat", tmp_path)
    labels = ElementTree.parse(tmp_path / "annotations.xml").getroot().findall("meta/task/labels/label")
    assert [label.findtext("name") for label in labels] == list(CLASSES)
    raw = json.loads((tmp_path / "cvat_labels.json").read_text(encoding="utf-8"))
    assert [(label["name"], label["color"], label["type"]) for label in raw] == [
        ("cat", "#800000", "any"), ("hot dog", "#008000", "any"), (CLASSES[2], "#808000", "any")
    ]  # fmt: skip
    assert [attribute["name"] for label in raw for attribute in label["attributes"]] == ["score"] * 3


def test_label_studio_s_config_has_the_controls_of_the_predictions(tmp_path):
    write("label-studio", tmp_path)
    view = ElementTree.parse(tmp_path / "label_studio.xml").getroot()
    controls = {control.get("name"): control for control in view}
    tasks = json.loads((tmp_path / "label_studio.json").read_text(encoding="utf-8"))
    assert controls["image"].get("value") == "$image" and list(tasks[0]["data"]) == ["image"]
    for task in tasks:
        for result in task["predictions"][0]["result"]:
            control = controls[result["from_name"]]
            assert control.tag.lower() == result["type"] and control.get("toName") == result["to_name"] == "image"
            assert set(result["value"][result["type"]]) <= {label.get("value") for label in control}
    assert [task["predictions"][0]["score"] for task in tasks] == [0.25, 0.75, 0.0]
    choices = [
        result["value"]["choices"] for result in tasks[0]["predictions"][0]["result"] if result["type"] == "choices"
    ]
    assert choices == [list(CLASSES)]


def test_yolo_s_classes_and_scores(tmp_path):
    assert write("yolo", tmp_path) == tmp_path / "data.yaml"
    content = yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))
    assert content == {"path": ".", "train": "images", "names": dict(enumerate(CLASSES))}
    assert (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()[:3] == [
        "photo,class,score", "beach/a 1.jpg,cat,0.9", "beach/a 1.jpg,hot dog,0.75"
    ]  # fmt: skip
    assert (tmp_path / "labels" / "c.txt").read_text() == ""


@pytest.mark.parametrize("form", ["coco", "cvat", "label-studio"])
def test_one_file_has_what_earlier_processes_wrote(form, tmp_path):
    first, second, _ = labelled()
    FORMS[form](tmp_path, CLASSES, Options()).write(first)
    later = FORMS[form](tmp_path, CLASSES, Options(photo_prefix="/data/local-files/?d=out/images/"))
    assert later.has(first.name) and not later.has(second.name)
    later.write(second)
    later.finish([second.name, first.name])
    text = later.told.read_text(encoding="utf-8")
    assert 0 < text.index("b%2B%25.png" if form == "label-studio" else "b+%.png") < text.index("beach/a")
