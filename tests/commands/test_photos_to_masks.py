"""`train` and `predict` as a user types them, on a folder of six tiny photos."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from six_photos import one_line

from wsfcn_tf.__main__ import main
from wsfcn_tf.evaluation.metrics import tag_health
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import RunRecord
from wsfcn_tf.weights.precision import fastest_precision

pytestmark = pytest.mark.usefixtures("tiny_networks")


def test_train_leaves_a_complete_run(trained):
    assert (trained / "model.weights.h5").is_file()
    assert (trained / "classes.txt").read_text() == "cat\ndog\n"
    assert "num_classes: 2" in (trained / "config.yaml").read_text()
    assert sorted(path.name for path in (trained / "checkpoints").iterdir()) == ["epoch-0001", "epoch-0002"]
    assert list((trained / "tensorboard").iterdir())


def test_predict_writes_a_mask_of_the_photos_size(trained, root, tmp_path):
    masks = tmp_path / "masks"
    assert main(["predict", "--weights", str(trained), "--output", str(masks), str(root / "JPEGImages")]) == 0
    assert sorted(path.name for path in masks.glob("*.png")) == [f"{name}.png" for name in "abcdef"]
    mask = Image.open(masks / "a.png")
    assert mask.mode == "P"
    assert mask.size == (44, 36)
    assert (masks / "a_overlay.jpg").is_file()


def test_predict_takes_a_split_of_the_data(trained, root, tmp_path):
    for name, source in (
        ("split", ["--split", "val"]),
        ("files", [str(root / "JPEGImages" / f"{n}.jpg") for n in "ef"]),
    ):
        assert main(["predict", "--weights", str(trained), "--output", str(tmp_path / name), *source]) == 0
    written = sorted((tmp_path / "split").iterdir())
    assert [path.name for path in written] == ["e.png", "e_overlay.jpg", "f.png", "f_overlay.jpg", "prediction.json"]
    for path in written:
        assert path.read_bytes() == (tmp_path / "files" / path.name).read_bytes()


def test_what_tags_tell_about_masks_is_told_where_they_are_known(trained, root, tmp_path, capsys, monkeypatch):
    def told(health, names):
        return [f"{health.photos} photos, {health.tagged.tolist()} with {', '.join(names)}"]

    monkeypatch.setattr(tag_health, "warnings", told)
    monkeypatch.setattr(tag_health, "_PHOTOS", 6)
    arguments = ["--weights", str(trained), "--output", str(tmp_path)]
    assert main(["predict", *arguments, "--split", "train"]) == 0
    assert capsys.readouterr().out.endswith(
        f"6 masks and overlays: {tmp_path}\nwarning: 6 photos, [3, 3] with cat, dog\n"
    )
    assert main(["evaluate", *arguments]) == 0
    out = capsys.readouterr().out
    assert "\nwarning: 2 photos, [1, 1] with cat, dog\n" in out
    assert "\nwarning: 2 of the 2 photos were trained on: others will come out worse\n" in out
    result = json.loads((tmp_path / "metrics.json").read_text())
    found = result["tag_health"]
    assert result["trained_on"] == 2
    assert (found["tags"], found["photos"], set(found["stray"])) == ("the data's tags", 2, {"cat", "dog"})


def test_of_other_photos_what_tags_told_at_the_end_of_training(trained, root, tmp_path, capsys, monkeypatch):
    def lines(weights, number):
        photo, output = str(root / "JPEGImages" / "a.jpg"), str(tmp_path / f"masks{number}")
        assert main(["predict", "--weights", str(weights), "--output", output, photo]) == 0
        return capsys.readouterr().out.splitlines()

    assert "warning" not in lines(trained, 1)[-1]
    run = shutil.copytree(trained, tmp_path / "run")
    RunRecord(RunFolder(run).record, {"warnings": ["masks of hat", "no mask of bag"]})
    told = [f"warning: at the end of its training: {line}" for line in ("masks of hat", "no mask of bag")]
    assert lines(run, 2)[-2:] == told
    monkeypatch.chdir(tmp_path)
    assert lines("run/model.weights.h5", 4)[-2:] == told
    few = ["--output", str(tmp_path / "few"), "--split", "train"]  # six photos with tags tell nothing
    assert main(["predict", "--weights", "run", *few]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == told
    assert "warning" not in lines(run / "checkpoints" / "epoch-0001", 3)[-1]  # weights of another epoch


def test_predictions_are_resumed_and_say_how_they_were_made(trained, tmp_path, capsys):
    command = ["predict", "--weights", str(trained), "--split", "val", "--output", str(tmp_path), "--resume"]
    settings = [
        "--set",
        "inference.background_value=0.1",
        "--set",
        "inference.thresholds=masks",
        "--save-probabilities",
    ]
    assert main([*command, *settings]) == 0
    (tmp_path / "e.npz").unlink()
    kept = (tmp_path / "f.npz").stat().st_mtime_ns
    capsys.readouterr()
    assert main([*command, *settings]) == 0
    assert "1 of 2 photos are done already" in capsys.readouterr().out
    assert (tmp_path / "f.npz").stat().st_mtime_ns == kept
    with np.load(tmp_path / "e.npz") as saved:
        assert saved["masks"].shape == (36, 44, 3)
        np.testing.assert_allclose(saved["masks"].sum(axis=-1), 1, atol=2e-3)
    record = json.loads((tmp_path / "prediction.json").read_text())
    assert record["thresholds"].startswith("CHOSEN WITH MASKS") and record["classes"] == ["cat", "dog"]
    assert "was made with inference" in one_line(capsys, *command)


def test_pseudo_masks_hold_no_class_but_the_tags(trained, root, tmp_path, capsys):
    settings = ["--set", "inference.classes=tags", "--set", "inference.background_value=0"]
    command = ["predict", "--weights", str(trained), "--output", str(tmp_path / "masks"), *settings]
    assert main([*command, "--split", "train"]) == 0
    tags = {"a": {1}, "b": {2}, "c": {1, 2}, "d": {0}, "e": {2}, "f": {1}}
    for name, labels in tags.items():
        with Image.open(tmp_path / "masks" / f"{name}.png") as mask:
            assert set(np.unique(mask)) <= labels | {0}  # where the tagged classes underflow to 0
    assert "its tags are not known, and inference.classes is tags" in one_line(
        capsys, *command, str(root / "JPEGImages" / "a.jpg")
    )


def test_a_trained_network_looks_at_photos_as_it_is_told_to(trained, root, tmp_path):
    single, several = tmp_path / "single", tmp_path / "several"
    views = [
        "--set",
        "inference.scales=[1, 0.5]",
        "--set",
        "inference.flip=true",
        "--set",
        "inference.precision=bfloat16",
    ]
    for output, settings in ((single, ["--set", "inference.precision=auto"]), (several, views)):
        assert main(["evaluate", "--weights", str(trained), "--output", str(output), *settings]) == 0
    results = [json.loads((output / "metrics.json").read_text()) for output in (single, several)]
    assert [result["inference"]["scales"] for result in results] == [[1.0], [1.0, 0.5]]
    assert results[0]["inference"]["flip"] is False and results[1]["inference"]["flip"] is True
    assert [result["inference"]["precision"] for result in results] == [fastest_precision(), "bfloat16"]
    for value, is_background in ((0, False), (2, True)):
        settings = ["--set", f"inference.background_value={value}", "--set", "inference.presence_threshold=0"]
        assert main(["evaluate", "--weights", str(trained), "--output", str(single), *settings]) == 0
        predicted = np.sum(json.loads((single / "metrics.json").read_text())["confusion"], axis=0)
        assert (predicted[0] > 0, predicted[1:].any()) == (is_background, not is_background)
    photo = str(root / "JPEGImages" / "a.jpg")
    for output, settings in ((single, []), (several, [*views, "--set", "inference.background_value=0"])):
        assert main(["predict", "--weights", str(trained), "--output", str(output), *settings, photo]) == 0
    assert (np.asarray(Image.open(several / "a.png")) > 0).all()  # nothing is below a background of 0


def test_a_weights_file_is_as_good_as_its_run(trained, root, tmp_path):
    for name, weights in (("run", trained), ("file", trained / "checkpoints" / "epoch-0002" / "model.weights.h5")):
        photos, output = str(root / "JPEGImages" / "a.jpg"), str(tmp_path / name)
        assert main(["predict", "--weights", str(weights), "--output", output, photos]) == 0
    assert (tmp_path / "run" / "a.png").read_bytes() == (tmp_path / "file" / "a.png").read_bytes()
