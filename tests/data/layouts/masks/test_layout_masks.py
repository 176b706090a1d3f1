"""The masks of other tools' folders: each form's, what is no mask, and what lies on what."""

import json
import subprocess

import numpy as np
import pytest
import written_masks
from opened_layouts import opened
from written_layouts import FORMS, TAGS, photos, put, write
from written_masks import HEIGHT, MASK_FORMS, WIDTH, area, expected, points, write_masks

from wsfcn_tf.data.datasets.dataset import open_folder
from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.errors import UserError

OUTLINED = ("YOLO", "LabelMe", "CVAT's", "table, a row for each mask", "table, NAME_CLASS")
SMALL, LARGE = (4, 8, 4, 8), (2, 14, 2, 14)


def masks_of(dataset, split="train"):
    return {name.rpartition("/")[2][0]: dataset.mask(name) for name in dataset.names(split)}


def refused(dataset, photo):
    with pytest.raises(UserError) as error:
        dataset.mask(photo)
    return str(error.value).replace(str(dataset.root), "ROOT")


@pytest.mark.parametrize("form", MASK_FORMS)
def test_each_forms_masks(tmp_path, form):
    write_masks(tmp_path, form)
    dataset, _ = opened(tmp_path)
    assert dataset.layout == MASK_FORMS[form][0]
    masks = masks_of(dataset)
    assert masks.keys() == TAGS.keys()
    for name, mask in masks.items():
        assert mask.dtype == np.uint8
        np.testing.assert_array_equal(mask, expected(name), err_msg=name)
    assert all(dataset.masks.path_of(name) is not None for name in dataset.names("train"))


@pytest.mark.parametrize("form", MASK_FORMS)
def test_a_network_with_more_classes_in_another_order_evaluates(tmp_path, form):
    write_masks(tmp_path, form)
    dataset = open_folder(tmp_path, ("dog", "cow", "cat"))
    assert dataset.class_names == ("dog", "cow", "cat")
    assert isinstance(dataset, TaggedFolder if form.startswith("LabelMe") else LayoutFolder)
    split = "train" if isinstance(dataset, LayoutFolder) else "val"
    for name, mask in masks_of(dataset, split).items():
        np.testing.assert_array_equal(mask, np.array([0, 3, 1])[expected(name)])


@pytest.mark.parametrize("form", [form for form in FORMS if not form.startswith(OUTLINED)])
def test_boxes_tags_and_empty_outlines_are_no_masks(tmp_path, form):
    """And where nothing is outlined, a photo that shows nothing has none either."""
    write(tmp_path, form)
    dataset, _ = opened(tmp_path)
    for name in dataset.names("train"):
        assert dataset.masks.path_of(name) is None
        assert refused(dataset, name) == (
            f"ROOT: there are no outlines in what {dataset.layout} says: for an evaluation, make a folder with "
            "prepare-data import, and put masks into its masks/"
        )


def test_a_box_among_outlines_is_never_filled(tmp_path):
    write_masks(tmp_path, "CVAT, polygons")
    text = (tmp_path / "annotations.xml").read_text()
    box = '<box label="cat" xtl="1" ytl="1" xbr="5" ybr="5"/>'
    put(tmp_path, "annotations.xml", text.replace('name="c.jpg" width="24" height="20">', f'name="c.jpg">{box}'))
    dataset, _ = opened(tmp_path)
    assert dataset.masks.path_of("c.jpg") is None and dataset.masks.path_of("b.jpg") is not None
    words = "ROOT/c.jpg: box 'cat' has no outline: mend that, or take the photo out of the split"
    assert refused(dataset, "c.jpg") == words


def test_a_tag_needs_an_outline_of_its_class(tmp_path):
    write_masks(tmp_path, "CVAT, polygons")
    text = (tmp_path / "annotations.xml").read_text()
    for label, place in (("dog", "c"), ("cat", "d"), ("background", "a")):
        head = f'name="{place}.jpg" width="24" height="20">'
        text = text.replace(head, f'{head}<tag label="{label}"/>')
    put(tmp_path, "annotations.xml", text)
    dataset, _ = opened(tmp_path)
    np.testing.assert_array_equal(dataset.mask("c.jpg"), expected("c"))
    np.testing.assert_array_equal(dataset.mask("a.jpg"), expected("a"))
    assert "tag 'cat' has no outline" in refused(dataset, "d.jpg")


def test_labelmes_rectangles_are_boxes(tmp_path):
    write_masks(tmp_path, "LabelMe, polygons")
    value = json.loads((tmp_path / "c.json").read_text())
    value["shapes"].append({"label": "cat", "points": [[1, 1], [3, 3]], "shape_type": "rectangle"})
    put(tmp_path, "c.json", json.dumps(value))
    assert "rectangle 'cat' has no outline" in refused(opened(tmp_path)[0], "c.jpg")


def test_outlines_that_are_boxes_in_all_of_coco(tmp_path):
    """What some tools write for boxes; a polygon that is none shows that they are outlines."""
    photos(tmp_path)
    value = written_masks.coco(lambda box: [[x for point in points(box)[:2] + points(box)[3:] for x in point]])
    for entry in value["annotations"]:
        left, top, *_ = entry["segmentation"][0]
        right, bottom = entry["segmentation"][0][4:6]
        entry["bbox"] = [left, top, right - left, bottom - top]
    put(tmp_path, "instances.json", json.dumps(value))
    assert "there are no outlines in what coco says" in refused(opened(tmp_path)[0], "a.jpg")
    value["annotations"][0]["segmentation"] = written_masks.polygon(written_masks.BOXES["a"][0])
    put(tmp_path, "instances.json", json.dumps(value))
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("b.jpg"), expected("b"))


def test_a_photo_in_two_annotations(tmp_path):
    write_masks(tmp_path, "COCO, polygons")
    value = json.loads((tmp_path / "instances.json").read_text())
    (tmp_path / "instances.json").unlink()
    put(tmp_path, "instances_train.json", json.dumps(value))
    value["annotations"] = value["annotations"][:1]
    put(tmp_path, "instances_val.json", json.dumps(value))
    words = "ROOT/a.jpg: has an annotation in instances_train.json and one in instances_val.json: mend that"
    assert refused(opened(tmp_path)[0], "a.jpg").startswith(words)


def test_crowds_do_not_count_and_smaller_objects_lie_on_top_in_coco(tmp_path):
    photos(tmp_path, names="a")
    value = written_masks.coco(written_masks.uncompressed)
    objects = [(1, SMALL, 0), (2, LARGE, 0), (1, (0, 2, 0, 4), 1)]
    value["images"] = value["images"][:1]
    value["annotations"] = [
        {"image_id": "a", "category_id": label, "segmentation": written_masks.uncompressed(box), "iscrowd": crowd}
        for label, box, crowd in objects
    ]
    put(tmp_path, "instances.json", json.dumps(value))
    labels = np.select([area((0, 2, 0, 4)), area(SMALL), area(LARGE)], [255, 1, 2]).astype(np.uint8)
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("a.jpg"), labels)


def test_objects_that_tools_mark_as_crowds_are_told(tmp_path):
    write_masks(tmp_path, "COCO, run lengths")
    file = tmp_path / "instances.json"
    value = json.loads(file.read_text())
    assert not any("crowds" in line for line in opened(tmp_path)[1])
    value["annotations"][0]["iscrowd"] = value["annotations"][1]["iscrowd"] = 1
    put(tmp_path, "instances.json", json.dumps(value))
    dataset, told = opened(tmp_path)
    (line,) = (line for line in told if "crowds" in line)
    assert "2 of 4 outlines of instances.json are marked as crowds, which do not count in a mask" in line
    assert set(np.unique(dataset.mask("a.jpg"))) == {0, 255}
    subprocess.run(line.partition("objects: ")[2], shell=True, check=True)
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("a.jpg"), expected("a"))


def test_smaller_polygons_lie_on_top_in_yolo(tmp_path, monkeypatch):
    monkeypatch.setitem(written_masks.BOXES, "b", [SMALL, LARGE])
    write_masks(tmp_path, "YOLO, polygons")
    labels = np.select([area(SMALL), area(LARGE)], [1, 2])
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("b.jpg"), labels)


def test_outlines_through_the_middle_of_pixels_in_yolo(tmp_path):
    """As Ultralytics and supervision make them of masks, cut to six digits."""
    write_masks(tmp_path, "YOLO, polygons")
    shares = [part for x, y in points(SMALL, edge=1) for part in (x / WIDTH, y / HEIGHT)]
    put(tmp_path, "b.txt", f"1 {' '.join(f'{int(share * 1e6) / 1e6:.6f}' for share in shares)}\n")
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("b.jpg"), 2 * area(SMALL))
    put(tmp_path, "c.txt", "1 .1 .1 .5 .1 .5 .5 9 9 .1 .5\n")
    words = "ROOT/c.txt: line 1: a polygon lies outside the image of 24x20 pixels: draw it again"
    assert refused(opened(tmp_path)[0], "c.jpg") == words


@pytest.mark.parametrize(
    "form", ["LabelMe, polygons", "LabelMe, painted", "CVAT, painted", "CVAT, polygons", "Label Studio JSON, brush"]
)
def test_later_shapes_lie_on_top_in_other_tools(tmp_path, monkeypatch, form):
    monkeypatch.setitem(written_masks.BOXES, "b", [SMALL, LARGE])
    write_masks(tmp_path, form)
    labels = 2 * area(LARGE)
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("b.jpg"), labels)


def test_z_order_in_cvat(tmp_path, monkeypatch):
    monkeypatch.setitem(written_masks.BOXES, "b", [SMALL, LARGE])
    write_masks(tmp_path, "CVAT, polygons")
    text = (tmp_path / "annotations.xml").read_text()
    before, image, after = text.partition('name="b.jpg"')
    put(tmp_path, "annotations.xml", before + image + after.replace('z_order="0"', 'z_order="7"', 1))
    labels = np.select([area(SMALL), area(LARGE)], [1, 2])
    np.testing.assert_array_equal(opened(tmp_path)[0].mask("b.jpg"), labels)


@pytest.mark.parametrize("kind", ["pose", "oriented boxes"])
def test_yolos_other_lines_are_no_outlines(tmp_path, kind):
    photos(tmp_path, "images")
    put(tmp_path, "data.yaml", "names: [cat, dog]\n" + ("kpt_shape: [2, 2]\n" if kind == "pose" else ""))
    for name in TAGS:
        put(tmp_path, f"labels/{name}.txt", "0 .1 .1 .3 .1 .3 .3 .1 .3\n" if TAGS[name] else "")
    dataset, told = opened(tmp_path)
    assert "there are no outlines in what yolo says" in refused(dataset, "images/a.jpg")
    assert any("taken for oriented boxes" in line for line in told) == (kind == "oriented boxes")


def test_yolos_photo_without_a_text_file_is_background(tmp_path):
    write_masks(tmp_path, "YOLO, polygons")
    (tmp_path / "d.txt").unlink()
    dataset, _ = opened(tmp_path)
    np.testing.assert_array_equal(dataset.mask("d.jpg"), np.zeros((HEIGHT, WIDTH)))


def test_label_studios_two_annotations(tmp_path):
    photos(tmp_path)
    value = written_masks.label_studio()
    value[0]["annotations"] *= 2
    value[1]["annotations"][0]["result"][0]["image_rotation"] = 90
    value[2]["annotations"][0]["result"][0]["original_width"] = "wide"
    put(tmp_path, "export.json", json.dumps(value))
    dataset, _ = opened(tmp_path)
    assert refused(dataset, "a.jpg").startswith("ROOT/a.jpg: has 2 annotations: ")
    assert refused(dataset, "b.jpg").startswith("ROOT/export.json: task 2: the photo was turned in Label Studio")
    assert refused(dataset, "c.jpg") == "ROOT/export.json: task 3: its height and width are not sizes: mend them"


@pytest.mark.parametrize(
    "changes, words",
    [
        (
            {"rle=": "rle='7, 1' x="},
            "object 1: its run lengths do not add up to 10x6 pixels: draw it again",
        ),
        (
            {'left="2"': 'left="20"'},
            "object 1: its mask lies outside the image of 24x20 pixels: draw it again",
        ),
        ({'top="2"': ""}, "object 1: its top is not a whole number: draw it again"),
        ({'width="24"': 'width="0"'}, "its height and width are not sizes: mend them"),
        ({'z_order="0"': 'z_order="x"'}, "its z_order is not a whole number: draw it again"),
    ],
)
def test_broken_masks_of_cvat(tmp_path, changes, words):
    write_masks(tmp_path, "CVAT, painted")
    text = (tmp_path / "annotations.xml").read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    put(tmp_path, "annotations.xml", text)
    assert refused(opened(tmp_path)[0], "a.jpg") == f"ROOT/annotations.xml: image 'a.jpg': {words}"


def test_ignored_and_background_shapes(tmp_path):
    write_masks(tmp_path, "LabelMe, painted")
    value = json.loads(written_masks.labelme("b", painted=True))
    value["shapes"][0]["label"], value["shapes"][1]["label"] = "__ignore__", "_background_"
    put(tmp_path, "b.json", json.dumps(value))
    dataset, _ = opened(tmp_path)
    assert dataset.class_names == ("cat", "dog") and not dataset.tags("b.jpg").any()
    np.testing.assert_array_equal(dataset.mask("b.jpg"), np.array([0, 255, 0])[expected("b")])
