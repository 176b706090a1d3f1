"""Photos, masks and runs in stores: here a folder behind a `file://`, as a bucket behind an `s3://`."""

import json
import shutil

import pytest
from six_photos import SMALL, one_line

from benchmarks.run_equality import arrays
from wsfcn_tf.__main__ import main

pytestmark = pytest.mark.usefixtures("tiny_networks")


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_masks_and_photos(root, trained, tmp_path, capsys):
    photos, store, run = root / "JPEGImages", tmp_path / "store", tmp_path / "run"
    shutil.copytree(trained, run)
    assert main(["predict", str(photos), "--weights", str(run), "--output", str(tmp_path / "plain")]) == 0
    words = ["predict", f"file://{photos}", "--weights", f"file://{run}", "--output", f"file://{store}"]
    assert main(words) == 0
    assert f"6 masks and overlays: file://{store}" in capsys.readouterr().out
    expected = files(tmp_path / "plain")
    record, plain = json.loads((store / "prediction.json").read_text()), json.loads(expected.pop("prediction.json"))
    assert record == plain | {"weights": f"file://{run}"}
    assert expected == {name: data for name, data in files(store).items() if name != "prediction.json"}

    (store / "c.png").unlink()
    assert main([*words, "--resume"]) == 0
    assert "5 of 6 photos are done already" in capsys.readouterr().out
    assert (store / "c.png").read_bytes() == expected["c.png"]

    one = ["predict", f"file://{photos}/a.jpg", "--weights", str(run), "--output", str(tmp_path / "one")]
    assert main(one) == 0
    assert (tmp_path / "one" / "a.png").read_bytes() == expected["a.png"]


def test_a_run(root, trained, tmp_path, capsys):
    config, store = tmp_path / "small.yaml", tmp_path / "store"
    config.write_text(SMALL)
    words = ["train", "--config", str(config), "--set", f"data.root={root}", "--output", f"file://{store}/run"]
    assert main(words) == 0
    assert f"trained network: file://{store}/run/model.weights.h5" in capsys.readouterr().out
    found = files(store / "run").keys()
    tables = {"classes.txt", "config.yaml", "history.csv", "record.json", "speed.csv", "training_data.jsonl"}
    assert found >= {name for name in files(trained) if name.startswith("checkpoints/")} | tables
    assert any(name.startswith("tensorboard/") for name in found) and "lock" not in found
    expected = arrays(trained / "model.weights.h5")
    for name, value in arrays(store / "run" / "model.weights.h5").items():
        assert (value == expected[name]).all()
    assert "this run has begun; add --resume" in one_line(capsys, *words)
    assert main([*words, "--resume"]) == 0


def test_masks_between_rounds_are_not_for_stores(root, tmp_path, capsys):
    config = tmp_path / "small.yaml"
    config.write_text(SMALL)
    settings = ["--set", f"data.root={root}", "--set", "self_supervision.rounds=tags"]
    message = one_line(capsys, "train", "--config", str(config), *settings, "--output", f"file://{tmp_path}/run")
    assert message.startswith(f"error: file://{tmp_path}/run: several self_supervision.rounds need an --output on this")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--output", "file:///m", "--write", "labelme"), "file:///m: --write and --least-certain need an --output on"),
        (
            ("--output", "file:///m", "--least-certain", "2"),
            "file:///m: --write and --least-certain need an --output on",
        ),
        (("--output", "file:///p/masks"), "file:///p/masks: lies in file:///p, which is searched for photos: choose"),
        (("--output", "x", "--weights", "file:///none"), "file:///none/config.yaml: there is no such file"),
    ],
)
def test_mistakes(trained, capsys, words, message):
    weights = () if "--weights" in words else ("--weights", str(trained))
    assert one_line(capsys, "predict", "file:///p", *weights, *words).startswith(f"error: {message}")


def test_an_evaluation_says_where_its_results_are_to_be(trained, capsys):
    message = one_line(capsys, "evaluate", "--weights", f"file://{trained}")
    assert message == f"error: file://{trained}: is not on this machine: say with --output where the results are to be"
