"""The masks that `prepare-data import` makes of outlines, and commands on another tool's folder as it is."""

import json
import shutil

import numpy as np
import pytest
import written_masks
from written_layouts import TAGS, photos, put, write
from written_masks import MASK_FORMS, expected, write_masks

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.masks.png import write_mask


def run(source, output, *arguments):
    return main(["prepare-data", "import", str(source), "--output", str(output), *arguments])


def error(capsys):
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize("form", MASK_FORMS)
def test_each_forms_masks_are_written(tmp_path, capsys, form):
    write_masks(tmp_path / "in", form)
    assert run(tmp_path / "in", tmp_path / "out") == 0
    assert "masks/           4 masks, for an evaluation" in capsys.readouterr().out
    folder = TaggedFolder(tmp_path / "out")
    assert len(folder.names("val")) == len(folder.names("train")) == 4
    for name in folder.names("val"):
        np.testing.assert_array_equal(folder.mask(name), expected(name.rpartition("/")[2][0]))


def test_splits_and_what_is_not_outlined(tmp_path, capsys):
    source = tmp_path / "in"
    photos(source, "train", "ab")
    photos(source, "valid", "cd")
    value = written_masks.coco(written_masks.polygon)
    for split, names in (("train", "ab"), ("valid", "cd")):
        images = [image for image in value["images"] if image["id"] in names]
        objects = [entry for entry in value["annotations"] if entry["image_id"] in names]
        content = {**value, "images": images, "annotations": objects}
        put(source, f"{split}/_annotations.coco.json", json.dumps(content))
    value = json.loads((source / "train/_annotations.coco.json").read_text())
    value["annotations"][0]["segmentation"] = []
    put(source, "train/_annotations.coco.json", json.dumps(value))
    assert run(source, tmp_path / "out") == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "train            2 images",
        "val              2 images",
        "masks/           3 masks, for an evaluation",
        "photos with what has no outline, which therefore have no mask: 1 (doctor names them)",
        "data.format: tagged",
        f"data.root: {tmp_path / 'out'}",
    ]
    folder = TaggedFolder(tmp_path / "out")
    assert folder.names("val") == ["photos/valid/c.jpg", "photos/valid/d.jpg"]
    np.testing.assert_array_equal(folder.mask("photos/valid/c.jpg"), expected("c"))
    assert main(["doctor", str(source)]) == 0
    told = capsys.readouterr().out
    place = "train/a.jpg: box 'cat' has no outline"
    words = "they have no mask: to evaluate on them, draw what is there"
    assert f"\nnote: 1 photo in which not everything is outlined: {words}\n  {place}\n" in told


def test_a_broken_mask_is_refused_or_left_out(tmp_path, capsys):
    write_masks(tmp_path / "in", "COCO, run lengths")
    value = json.loads((tmp_path / "in" / "instances.json").read_text())
    value["annotations"][0]["segmentation"]["counts"][0] += 1
    put(tmp_path, "in/instances.json", json.dumps(value))
    assert run(tmp_path / "in", tmp_path / "out") == 2
    assert error(capsys) == (
        f"error: {tmp_path}/in/instances.json: image 'a': annotation 0: its segmentation is broken (its run lengths do "
        "not add up to 24x20 pixels): mend it; or leave all masks out with --without-masks"
    )
    assert not (tmp_path / "out").exists()
    assert main(["doctor", str(tmp_path / "in")]) == 2
    assert "error: 1 mask cannot be used" in capsys.readouterr().out
    assert run(tmp_path / "in", tmp_path / "out", "--without-masks") == 0
    assert not (tmp_path / "out" / "masks").exists()


def test_photos_that_differ_in_the_suffix(tmp_path, capsys):
    write_masks(tmp_path / "in", "COCO, polygons")
    shutil.copy(tmp_path / "in" / "a.jpg", tmp_path / "in" / "a.png")
    value = json.loads((tmp_path / "in" / "instances.json").read_text())
    value["images"][1]["file_name"] = "a.png"
    put(tmp_path, "in/instances.json", json.dumps(value))
    assert run(tmp_path / "in", tmp_path / "out") == 2
    assert error(capsys) == (
        f"error: {tmp_path}/in/a.png: has a mask, and so has a.jpg, whose name differs in the suffix only: rename one "
        "of them, or leave all masks out with --without-masks"
    )


@pytest.mark.parametrize("form", [form for form in MASK_FORMS if not form.startswith("LabelMe")])
def test_masks_are_evaluated_on_the_folder_as_it_is(tmp_path, capsys, form):
    write_masks(tmp_path / "in", form)
    for name in TAGS:
        write_mask(tmp_path / "mine" / f"{name}.png", expected(name))
    shutil.copytree(tmp_path / "mine", tmp_path / "beside" / "JPEGImages")
    mine = tmp_path / ("beside" if form.startswith("CVAT's") else "mine")
    given = ["evaluate", "--masks", str(mine), "--data", str(tmp_path / "in")]
    assert main(given) == 2
    message = error(capsys)
    assert message.endswith(": it has train") and "there is no split 'val' in what" in message
    assert main([*given, "--split", "train"]) == 0
    metrics = json.loads((tmp_path / f"{mine.name}-evaluation-train" / "metrics.json").read_text())
    assert metrics["miou"] == 1 and metrics["images"] == 4


def test_evaluating_where_there_are_boxes_only(tmp_path, capsys):
    write(tmp_path / "in", "COCO")
    for name in TAGS:
        write_mask(tmp_path / "mine" / "train2017" / f"{name}.png", expected(name))
    given = ["evaluate", "--masks", str(tmp_path / "mine"), "--data", str(tmp_path / "in"), "--split", "train"]
    assert main(given) == 2
    assert error(capsys) == (
        f"error: {tmp_path}/in: there are no outlines in what coco says: for an evaluation, make a folder with "
        "prepare-data import, and put masks into its masks/"
    )
    assert main([*given, "--set", "data.mask_values={0: background, 255: cat}"]) == 2
    assert error(capsys).endswith("in: coco itself says what its masks mean: leave out data.mask_values")
