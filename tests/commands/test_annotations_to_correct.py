"""`predict --write` and `--least-certain` as a user types them."""

import json

import numpy as np
import pytest
from PIL import Image
from six_photos import one_line, photo

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.masks.coco_file import CocoFile

pytestmark = pytest.mark.usefixtures("tiny_networks")

ALL_PIXELS = ["--set", "inference.background_value=0", "--set", "inference.presence_threshold=0"]


def test_a_split_s_pseudo_masks_as_annotations(trained, root, tmp_path, capsys):
    """Exactly those that are written as masks, whose tags alone have pixels."""
    tags = ["--set", "inference.classes=tags", "--set", "inference.background_value=0"]
    command = ["predict", "--weights", str(trained), "--split", "train", *tags, "--output"]
    assert main([*command, str(tmp_path / "masks")]) == 0
    assert main([*command, str(tmp_path / "coco"), "--write", "coco", "--tolerance", "0"]) == 0
    printed = capsys.readouterr().out
    assert f"6 photos for coco: {tmp_path / 'coco' / 'coco.json'}\n" in printed
    read = CocoFile(tmp_path / "coco" / "coco.json", ("cat", "dog"))
    for name in "abcdef":
        with Image.open(tmp_path / "masks" / f"{name}.png") as mask:
            np.testing.assert_array_equal(read.read(f"{name}.jpg"), np.asarray(mask))
    assert not list((tmp_path / "coco").glob("*.png"))
    record = json.loads((tmp_path / "coco" / "prediction.json").read_text())
    assert (record["write"], record["tolerance"], record["with_photos"]) == ("coco", 0.0, False)
    again = [*command, str(tmp_path / "coco"), "--write", "coco", "--resume"]
    assert "was made with tolerance 0.0, this would be with 1.0" in one_line(capsys, *again)


def test_a_folder_for_labelme_can_be_corrected_and_read(trained, root, tmp_path, capsys):
    command = ["predict", "--weights", str(trained), "--output", str(tmp_path / "out"), str(root / "JPEGImages")]
    command += ["--write", "labelme", "--with-photos", *ALL_PIXELS]
    assert main(command) == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.json")) == (
        [f"{name}.json" for name in "abcdef"] + ["prediction.json"]
    )
    capsys.readouterr()
    assert main(["doctor", str(tmp_path / "out")]) == 0
    assert "recognised as labelme" in capsys.readouterr().out
    assert "which may have been corrected: choose another --output, or add --resume" in one_line(capsys, *command)
    assert main([*command, "--resume"]) == 0
    assert "6 of 6 photos are done already" in capsys.readouterr().out
    evaluated = ["evaluate", "--weights", str(trained), "--data", str(tmp_path / "out"), *ALL_PIXELS]
    assert main([*evaluated, "--output", str(tmp_path / "result")]) == 0
    confusion = np.array(json.loads((tmp_path / "result" / "metrics.json").read_text())["confusion"])
    assert confusion.sum() == 6 * 36 * 44 and np.trace(confusion) > 0.97 * confusion.sum()


def test_the_least_certain_photos_are_written_first_and_alone(trained, root, tmp_path, capsys):
    command = ["predict", "--weights", str(trained), "--split", "train", "--output", str(tmp_path), *ALL_PIXELS]
    assert main([*command, "--least-certain", "2", "--write", "label-studio", "--with-photos"]) == 0
    header, *rows = (tmp_path / "least_certain.csv").read_text().splitlines()
    assert header == "photo,uncertainty,entropy,disagreement,class" and len(rows) == 6
    order = [row.split(",")[0] for row in rows]
    figures = [float(row.split(",")[1]) for row in rows]
    assert sorted(order) == list("abcdef") and figures == sorted(figures, reverse=True)
    tasks = json.loads((tmp_path / "label_studio.json").read_text())
    assert [task["data"]["image"].rpartition("/")[2] for task in tasks] == [f"{name}.jpg" for name in order[:2]]
    assert sorted(path.stem for path in (tmp_path / "images").iterdir()) == sorted(order[:2])
    printed = capsys.readouterr().out
    assert f"least certain of 6 photos: {order[0]} {figures[0]:.2f} (" in printed and "warning" not in printed


def test_the_least_certain_masks(trained, root, tmp_path, capsys):
    broken = tmp_path / "in" / "broken.jpg"
    photo(broken, 1)
    photo(tmp_path / "in" / "good.jpg", 2)
    broken.write_bytes(b"")
    output = ("--output", str(tmp_path / "out"), "--least-certain", "5")
    error = one_line(capsys, "predict", "--weights", str(trained), *output, str(tmp_path / "in"))
    assert error.startswith(f"error: 1 of 2 photos left out, all others done: {broken}: the image file is empty")
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["good.png"]
    photo(broken, 1)
    photo(tmp_path / "in" / "good.jpg", 3)  # is not looked at again, but broken.jpg is
    before = (tmp_path / "out" / "least_certain.csv").read_text().splitlines()
    command = ["predict", "--weights", str(trained), *output, "--resume", str(tmp_path / "in")]
    assert main(command) == 0
    after = (tmp_path / "out" / "least_certain.csv").read_text().splitlines()
    assert before[1] in after and len(after) == 3
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
