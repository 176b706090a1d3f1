import json
from functools import partial

import numpy as np
import pytest
from memory_photos import files_below, make_photo
from PIL import Image

from wsfcn_tf.data.annotations.form import Options
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.annotation_output import open_annotations
from wsfcn_tf.inference.outputs import RECORD, predict_jobs, write_record
from wsfcn_tf.inference.photos import Job, named_photos
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import one_by_one

CLASSES = ("cat", "dog")


def top_row_is_dog(image):
    labels = np.zeros(image.shape[:2], np.uint8)
    labels[0] = 2
    return Prediction(labels, np.array([0.8, 0.417], np.float32), np.eye(3, dtype=np.float32)[labels])


def predict(form, jobs, out, with_photos=False, resume=False, prefix=""):
    """As the command does."""
    output = open_annotations(
        form, out, CLASSES, jobs, Options(photo_prefix=prefix), with_photos=with_photos, resume=resume
    )
    found = partial(str)
    write_record(out, {}, resume=resume)
    predict_jobs(one_by_one(top_row_is_dog), jobs, lambda _: found(), resume=resume, output=output)
    return output.told


@pytest.fixture
def photos(tmp_path):
    for name in ("a.JPG", "b/c.png"):
        make_photo(tmp_path / "in" / name)
    return named_photos([tmp_path / "in"], tmp_path / "out")


def test_one_file_for_all_and_no_masks(photos, tmp_path):
    assert predict("coco", photos, tmp_path / "out") == tmp_path / "out" / "coco.json"
    content = json.loads((tmp_path / "out" / "coco.json").read_text())
    assert [image["file_name"] for image in content["images"]] == ["a.JPG", "b/c.png"]
    assert {name for name in files_below(tmp_path / "out") if not name.startswith(".parts/")} == {"coco.json", RECORD}


def test_photos_are_put_beside_annotations_if_wanted(photos, tmp_path):
    predict("coco", photos, tmp_path / "out", with_photos=True)
    predict("labelme", photos, tmp_path / "out", with_photos=True)
    out = tmp_path / "out"
    visible = {name for name in files_below(out) if not name.startswith(".parts/")}
    assert visible == {"coco.json", "images/a.JPG", "images/b/c.png", RECORD, "a.json", "a.JPG", "b/c.json", "b/c.png"}
    assert (out / "images" / "a.JPG").samefile(tmp_path / "in" / "a.JPG")
    assert json.loads((out / "b" / "c.json").read_text())["imagePath"] == "c.png"


def test_photos_that_are_no_files(tmp_path):
    jobs = [Job(tmp_path / "out" / "x.png", "x", partial(np.full, (4, 6, 3), 9, np.uint8))]
    with pytest.raises(UserError, match="are not files that another tool could open: add --with-photos"):
        predict("cvat", jobs, tmp_path / "out")
    predict("cvat", jobs, tmp_path / "out", with_photos=True)
    assert np.asarray(Image.open(tmp_path / "out" / "images" / "x.png")).shape == (4, 6, 3)


def test_label_studio_s_addresses(photos, tmp_path):
    with pytest.raises(UserError, match=r"^Label Studio opens photos by their addresses: add --with-photos, or say"):
        predict("label-studio", photos, tmp_path / "out")
    for prefix, expected in (("", "/data/local-files/?d=out/images/b/c.png"), ("https://x/", "https://x/b/c.png")):
        told = predict("label-studio", photos, tmp_path / "out", with_photos=not prefix, prefix=prefix)
        assert json.loads(told.read_text())[1]["data"] == {"image": expected}


def test_corrections_are_not_overwritten(photos, tmp_path):
    predict("labelme", photos[:1], tmp_path / "out")
    corrected = tmp_path / "out" / "a.json"
    corrected.write_text("corrected")
    with pytest.raises(UserError) as error:
        predict("labelme", photos, tmp_path / "out")
    assert str(error.value) == (
        f"{tmp_path / 'in' / 'a.JPG'}: has annotations in {tmp_path / 'out'} already, which may have been corrected: "
        "choose another --output, or add --resume, which leaves them alone"
    )
    predict("labelme", photos, tmp_path / "out", resume=True, with_photos=True)
    assert corrected.read_text() == "corrected" and (tmp_path / "out" / "b" / "c.json").is_file()


@pytest.mark.parametrize("form", ["coco", "cvat", "yolo", "labelme"])
def test_the_others_are_finished_when_one_cannot_be_read_and_it_is_added_later(form, photos, tmp_path):
    good = (tmp_path / "in" / "a.JPG").read_bytes()
    (tmp_path / "in" / "a.JPG").write_bytes(b"")
    with pytest.raises(UserError, match=r"^1 of 2 photos left out, all others done"):
        predict(form, photos, tmp_path / "out")
    (tmp_path / "in" / "a.JPG").write_bytes(good)
    told = predict(form, photos, tmp_path / "out", resume=True)
    if form in ("coco", "cvat"):
        text = told.read_text()
        assert 0 < text.index("a.JPG") < text.index("b/c.png")
    else:
        folder, suffix = ("labels/", "txt") if form == "yolo" else ("", "json")
        assert {f"{folder}a.{suffix}", f"{folder}b/c.{suffix}"} <= files_below(tmp_path / "out")


def test_what_an_earlier_run_knew_of_a_photo_is_not_taken_for_this_one_s(photos, tmp_path):
    predict("coco", photos, tmp_path / "out")
    (tmp_path / "in" / "a.JPG").write_bytes(b"")
    with pytest.raises(UserError, match=r"^1 of 2 photos left out"):
        predict("coco", photos, tmp_path / "out")
    content = json.loads((tmp_path / "out" / "coco.json").read_text())
    assert [image["file_name"] for image in content["images"]] == ["b/c.png"]


@pytest.mark.parametrize(("form", "name"), [("coco", "coco.json"), ("cvat", "annotations.xml"), ("yolo", "data.yaml")])
def test_a_file_that_somebody_else_wrote_is_not_overwritten(form, name, photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("true labels")
    with pytest.raises(UserError, match="is there already, and predict did not write it: choose another --output"):
        predict(form, photos, tmp_path / "out")
    assert (tmp_path / "out" / name).read_text() == "true labels"


def test_another_photo_of_the_same_name_is_not_overwritten(photos, tmp_path):
    other = make_photo(tmp_path / "out" / "a.JPG", size=(9, 9))
    content = other.read_bytes()
    with pytest.raises(UserError, match="is there already, and is not"):
        predict("labelme", photos, tmp_path / "out", with_photos=True)
    assert other.read_bytes() == content
    other.unlink()
    predict("labelme", photos, tmp_path / "out", with_photos=True)
    predict("labelme", photos, tmp_path / "out", with_photos=True, resume=True)
