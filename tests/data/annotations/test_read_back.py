"""What `predict --write` wrote, read as masks by the readers of other tools' folders, as `evaluate --data` does."""

import json

import pytest
from hypothesis import given, settings
from shapes import CLASSES, check_same, masks, photo, write_photo
from test_forms import labelled, write

from wsfcn_tf.data.annotations.form import Options
from wsfcn_tf.data.annotations.forms import FORMS
from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.recognise import read_layout


def read_back(root, layout):
    """Masks by the photos' names, of those that have any."""
    contents = read_layout(SourceFolder(root), layout, Choices())
    folder = LayoutFolder(root, layout, contents, Choices(), CLASSES)
    return {name.removeprefix("images/"): folder.mask(name) for name in contents.masks}


def as_annotations(root):
    """What a person who accepts all of Label Studio's predictions exports."""
    file = root / "label_studio.json"
    tasks = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps([{"data": task["data"], "annotations": task["predictions"]} for task in tasks]))


CASES = [
    (form, run_lengths)
    for form in ("coco", "yolo", "labelme", "cvat", "label-studio")
    for run_lengths in ((False, True) if form in ("coco", "cvat", "label-studio") else (False,))
]


@pytest.mark.parametrize(("form", "run_lengths"), CASES)
def test_masks_come_back(form, run_lengths, tmp_path):
    write(form, tmp_path, with_photos=True, run_lengths=run_lengths)
    if form == "label-studio":
        as_annotations(tmp_path)
    found = read_back(tmp_path, form.replace("-", "_"))
    expected = {one.file_name: one.labels for one in labelled()}
    assert {"beach/a 1.jpg", "b+%.png"} <= found.keys() <= expected.keys()
    for name, mask in found.items():
        check_same(mask, expected[name], least=1.0 if run_lengths else 0.98)


@given(masks())
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("form", ["coco", "cvat", "label-studio"])
def test_run_lengths_come_back_to_the_pixel(form, tmp_path_factory, mask):
    root = tmp_path_factory.mktemp("root")
    one = photo(mask.astype("uint8"), "a")
    opened = FORMS[form](root, CLASSES, Options(run_lengths=True))
    write_photo(opened.photos / one.file_name, one.labels)
    opened.write(one)
    opened.finish(["a"])
    if form == "label-studio":
        as_annotations(root)
    if mask.any():
        (found,) = read_back(root, form.replace("-", "_")).values()
        assert (found == mask).all()
