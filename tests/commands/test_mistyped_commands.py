"""What users get wrong in `train`, `predict` and `evaluate`: one line each."""

import pytest
from six_photos import SMALL, one_line

pytestmark = pytest.mark.usefixtures("tiny_networks")


def test_a_report_in_the_place_of_a_file_is_refused_at_once(trained, tmp_path, capsys):
    (tmp_path / "report").write_text("")
    arguments = ("--weights", str(trained), "--output", str(tmp_path / "result"), "--report", str(tmp_path / "report"))
    assert one_line(capsys, "evaluate", *arguments) == (
        f"error: --report {tmp_path / 'report'}: this is a file: name a folder"
    )
    assert not (tmp_path / "result").exists()


def test_weights_of_another_architecture(trained, root, tmp_path, capsys):
    config = (trained / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(config.replace("num_classes: 2", "num_classes: 3"))
    (tmp_path / "classes.txt").write_text("cat\ndog\nsheep\n")
    weights = tmp_path / "model.weights.h5"
    weights.write_bytes((trained / "model.weights.h5").read_bytes())
    error = one_line(capsys, "evaluate", "--weights", str(weights), "--data", str(root))
    assert error.startswith(f"error: {weights}: does not fit the model that its config.yaml describes (")


def test_weights_that_are_none(trained, tmp_path, capsys):
    output = ("--output", str(tmp_path / "masks"), "photo.jpg")
    missing = tmp_path / "nothing"
    assert one_line(capsys, "predict", "--weights", str(missing), *output) == (
        f"error: {missing}: no such run folder or weights file"
    )
    (tmp_path / "empty").mkdir()
    assert "not a training run's folder" in one_line(capsys, "predict", "--weights", str(tmp_path / "empty"), *output)
    (trained / "half.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert "half.weights.h5: does not fit" in one_line(
        capsys, "predict", "--weights", str(trained / "half.weights.h5"), *output
    )


def test_data_of_other_classes(trained, root, tmp_path, capsys):
    for name in ("JPEGImages", "SegmentationClass", "ImageSets"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "classes.txt").write_text("background\ncat\nsheep\n")
    error = one_line(capsys, "evaluate", "--weights", str(trained), "--data", str(tmp_path))
    assert error == (
        f"error: {tmp_path}: its classes are cat, sheep, but the network's are cat, dog; "
        f"if they mean the same, copy {trained / 'classes.txt'} there"
    )


def test_what_cannot_be_changed_or_asked_for(trained, root, tmp_path, capsys):
    common = ("--weights", str(trained), "--output", str(tmp_path / "masks"))
    assert one_line(capsys, "evaluate", *common, "--set", "training.epochs=3") == (
        "error: --set training.epochs=3: of a trained network, only keys of inference can be changed"
    )
    assert "inference.scales must be one or more numbers above 0" in one_line(
        capsys, "predict", *common, "--set", "inference.scales=[0]", "--split", "val"
    )
    assert one_line(capsys, "predict", *common) == (
        "error: name photos or folders to predict, or a split of the data with --split"
    )
    masks = root / "SegmentationClass"
    error = one_line(capsys, "predict", "--weights", str(trained), "--output", str(masks), "--split", "val")
    assert error == f"error: {masks}: lies in the data folder {root}, whose files must not be overwritten"
    assert "leave out --data" in one_line(capsys, "predict", *common, "--data", str(root), "photo.jpg")
    assert "there is no such split: the folder has train, val" in one_line(
        capsys, "predict", *common, "--split", "test"
    )
    assert not (tmp_path / "masks").exists()


def test_evaluating_without_a_mask_is_an_error(trained, root, capsys):
    assert "a.png" in one_line(capsys, "evaluate", "--weights", str(trained), "--data", str(root), "--split", "train")


def test_an_unreadable_photo_stops_training_with_its_name(root, tmp_path, capsys):
    for name in ("ImageSets", "tags.csv", "classes.txt"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "JPEGImages").mkdir()
    for name in "abcdef":
        data = (root / "JPEGImages" / f"{name}.jpg").read_bytes()
        (tmp_path / "JPEGImages" / f"{name}.jpg").write_bytes(data[: len(data) // 2] if name == "d" else data)
    (tmp_path / "small.yaml").write_text(SMALL)
    arguments = ("--config", str(tmp_path / "small.yaml"), "--set", f"data.root={tmp_path}")
    assert "d.jpg" in one_line(capsys, "train", *arguments, "--output", str(tmp_path / "run"))
