import json

import numpy as np
import pytest
from pycocotools import mask as rle

from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.errors import UserError

CLASSES = ("dog", "cat")
CATEGORIES = [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}, {"id": 0, "name": "everything"}]


def square(left, top, right, bottom):
    return [left, top, right, top, right, bottom, left, bottom]


def annotation(category, *polygons, image=5, **more):
    return {"image_id": image, "category_id": category, "segmentation": list(polygons), "iscrowd": 0, **more}


def masks(folder, *annotations, **changes):
    images = [
        {"id": 5, "file_name": "beach/1.jpg", "height": 8, "width": 10},
        {"id": 6, "file_name": "export/2.jpg", "height": 4, "width": 4},
    ]
    content = {"images": images, "categories": CATEGORIES, "annotations": list(annotations), **changes}
    (folder / "coco.json").write_text(json.dumps(content))
    return CocoFile(folder / "coco.json", CLASSES)


def test_categories_by_name_and_smaller_objects_on_top(tmp_path):
    mask = masks(
        tmp_path, annotation(7, square(4, 2, 6, 4)), annotation(3, square(1, 1, 8, 6), square(8, 6, 10, 8))
    ).read("beach/1.jpg")
    expected = np.zeros((8, 10), np.uint8)
    expected[1:6, 1:8] = 1
    expected[6:8, 8:10] = 1
    expected[2:4, 4:6] = 2
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("compressed", [False, True])
def test_run_lengths_and_crowds(tmp_path, compressed):
    area = np.zeros((8, 10), bool)
    area[2:5, 3:7] = True
    segmentation = rle.encode(np.asfortranarray(area, np.uint8))
    segmentation["counts"] = segmentation["counts"].decode()
    if not compressed:
        changes = np.flatnonzero(np.diff(area.ravel(order="F"), prepend=False, append=False))
        counts = np.diff([0, *changes.tolist(), area.size]).tolist()
        segmentation = {"size": [8, 10], "counts": counts}
    crowd = {"image_id": 5, "category_id": 7, "segmentation": segmentation, "iscrowd": 1}
    found = masks(tmp_path, crowd, annotation(3, square(6, 0, 8, 8))).read("beach/1")
    expected = np.where(area, 255, 0)
    expected[:, 6:8] = np.where(area[:, 6:8], 255, 1)  # the crowd is the smaller
    np.testing.assert_array_equal(found, expected)


def test_which_photos_it_has(tmp_path):
    found = masks(tmp_path)
    assert found.path_of("beach/1.jpg") == found.path_of("2.jpg") == found.path_of("other/2") == tmp_path / "coco.json"
    assert found.path_of("3.jpg") is None
    np.testing.assert_array_equal(found.read("2.jpg"), np.zeros((4, 4)))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (annotation(0, square(0, 0, 2, 2)), "tag 'everything' is not in the class list: the classes are dog, cat"),
        (annotation(9, square(0, 0, 2, 2)), "an object's category is not in the file's categories: mend it"),
        (annotation([7], square(0, 0, 2, 2)), "an object's category is not in the file's categories: mend it"),
    ],
)
def test_categories_that_are_no_classes(tmp_path, entry, message):
    with pytest.raises(UserError) as error:
        masks(tmp_path, entry).read("beach/1.jpg")
    assert str(error.value) == f"{tmp_path}/coco.json: image 'beach/1.jpg': {message}"


@pytest.mark.parametrize(
    "segmentation",
    [
        [[0, 0, 1, 1, 2, "a"]],
        [[0, 0, 1, 1, 2, 1e300]],
        [0, 1],
        {"size": [3, 3], "counts": [9]},
        {"size": [8, 10], "counts": [1, 2]},
        {"size": [8, 10], "counts": "junk"},
        {"counts": [80]},
        None,
    ],
)
def test_broken_segmentations(tmp_path, segmentation):
    entry = annotation(7, id=12) | {"segmentation": segmentation}
    with pytest.raises(UserError) as error:
        masks(tmp_path, entry).read("beach/1.jpg")
    start = f"{tmp_path}/coco.json: image 'beach/1.jpg': annotation 12: its segmentation is broken ("
    assert str(error.value).startswith(start) and str(error.value).endswith("): mend it")


@pytest.mark.parametrize("changes", [{"images": None}, {"categories": [{"id": 1}]}, {"annotations": ["a"]}])
def test_not_cocos(tmp_path, changes):
    with pytest.raises(UserError, match=r"coco\.json: is not COCO's: images \(id, file_name, height, width\), "):
        masks(tmp_path, **changes)


def test_photo_that_is_not_listed(tmp_path):
    with pytest.raises(UserError) as error:
        masks(tmp_path).read("3.jpg")
    advice = "add it, or take the photo out of the split"
    assert str(error.value) == f"{tmp_path}/coco.json: lists no image '3.jpg': {advice}"
