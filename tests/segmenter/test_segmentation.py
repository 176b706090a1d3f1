"""What a segmentation offers, of labels made by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.errors import UserError
from wsfcn_tf.segmenter.segmentation import Segmentation
from wsfcn_tf.visualisation.overlays import overlay

NAMES = ("cat", "do<g", "sheep")


@pytest.fixture
def segmentation(rng):
    labels = np.zeros((20, 30), np.uint8)
    labels[2:9, 3:12], labels[5:18, 20:29] = 3, 1
    labels[7, 22] = 0  # a hole
    image = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    return Segmentation("far/a.jpg", image, labels, np.float32([0.9, 0.8, 0.25]), NAMES)


def test_found_and_mask(segmentation):
    assert segmentation.found == {"cat": pytest.approx(0.9), "sheep": 0.25}
    np.testing.assert_array_equal(segmentation.mask("sheep"), segmentation.labels == 3)
    assert not segmentation.mask("do<g").any()
    with pytest.raises(UserError, match=r"a\.jpg: there is no class 'cow'; there are cat, do<g, sheep"):
        segmentation.mask("cow")


def test_overlay(segmentation):
    np.testing.assert_array_equal(segmentation.overlay(0.3), overlay(segmentation.image, segmentation.labels, 0.3))


def test_save(segmentation, tmp_path):
    path = segmentation.save(tmp_path / "new" / "a.png")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), segmentation.labels)
    with pytest.raises(UserError, match=r"a\.jpg: labels are written as a PNG"):
        segmentation.save(tmp_path / "a.jpg")
    assert [file.name for file in tmp_path.iterdir()] == ["new"]


def test_coco_reads_back_as_the_labels(segmentation, tmp_path):
    content = segmentation.to_coco(image_id=7, first_annotation_id=40)
    (tmp_path / "coco.json").write_text(json.dumps(content))
    np.testing.assert_array_equal(CocoFile(tmp_path / "coco.json", NAMES).read("a.jpg"), segmentation.labels)
    cat, sheep = content["annotations"]
    assert (cat["id"], cat["image_id"], cat["category_id"], cat["area"]) == (40, 7, 1, 13 * 9 - 1)
    assert (sheep["id"], sheep["category_id"], sheep["bbox"], sheep["score"]) == (41, 3, [3.0, 2.0, 9.0, 7.0], 0.25)


def test_coco_s_polygons_read_back_as_the_labels(segmentation, tmp_path):
    segmentation.labels[12:16, 2:6] = 3  # a second region of sheep
    content = segmentation.to_coco(tolerance=1)
    (tmp_path / "coco.json").write_text(json.dumps(content))
    np.testing.assert_array_equal(CocoFile(tmp_path / "coco.json", NAMES).read("a.jpg"), segmentation.labels)
    cat, *sheep = content["annotations"]
    assert set(cat["segmentation"]) == {"size", "counts"}  # it has a hole
    assert [[len(polygon) for polygon in one["segmentation"]] for one in sheep] == [[8], [8]]
    assert [one["score"] for one in sheep] == [0.25, 0.25]


def test_in_a_notebook(segmentation):
    shown = segmentation._repr_html_()
    assert shown.startswith('<figure><img src="data:image/jpeg;base64,/9j/')
    assert 'rgb(128, 0, 0);padding:0 .5em">cat 0.90</span>' in shown  # label 1's colour in VOC's palette
    assert 'rgb(128, 128, 0);padding:0 .5em">sheep 0.25</span>' in shown
    assert repr(segmentation) == "Segmentation('far/a.jpg', 30x20: cat 0.90, sheep 0.25)"


def test_class_names_are_text_in_a_notebook(segmentation):
    segmentation.labels[0, 0] = 2
    assert "do&lt;g 0.80" in segmentation._repr_html_()


def test_nothing_found(segmentation):
    segmentation.labels[:] = 0
    assert segmentation.found == {} and segmentation.to_coco()["annotations"] == []
    assert "nothing found" in segmentation._repr_html_() and "nothing found" in repr(segmentation)


def test_a_server_names_only_what_it_found(segmentation):
    served = Segmentation("a.jpg", segmentation.image, segmentation.labels, segmentation.scores, ("cat", None, "sheep"))
    assert [category["name"] for category in served.to_coco()["categories"]] == ["cat", "sheep"]
    with pytest.raises(UserError, match="there are cat, sheep"):
        served.mask("dog")
