"""`runs`, on folders as training leaves them; no network is trained."""

from dataclasses import replace

import pytest

from wsfcn_tf.__main__ import main
from wsfcn_tf.config import DataConfig, ExperimentConfig, ModelConfig, TrainingConfig
from wsfcn_tf.runs.epoch_table import write_row
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.lock import locked
from wsfcn_tf.runs.record import RunRecord
from wsfcn_tf.runs.summary import describe_network

CONFIG = ExperimentConfig(
    model=ModelConfig(num_classes=2),
    data=DataConfig(root="/data/VOC2012"),
    training=TrainingConfig(epochs=3, pretrain_epochs=1),
)

CAM = replace(
    CONFIG,
    model=ModelConfig(head="cam", num_classes=2),
    training=TrainingConfig(epochs=3, pretrain_epochs=3),
)


def make_run(root, epochs, config=CONFIG):
    run = RunFolder(root)
    run.create(config, ("cat", "dog"))
    for epoch in range(1, epochs + 1):
        write_row(run.history, epoch, {"loss": 1 / epoch})
        write_row(run.speed, epoch, {"images_per_second": 10.0 * epoch, "wait": 0.01})
        run.checkpoint(epoch).mkdir(parents=True)
    return run


def table(capsys):
    """The cells of the lines printed."""
    lines = capsys.readouterr().out.splitlines()
    return [[cell.strip() for cell in line[1:-1].split("|")] if line.startswith("|") else [line] for line in lines]


def test_every_run_below_a_folder_is_a_row(tmp_path, capsys):
    done = make_run(tmp_path / "a", 3)
    done.weights.touch()
    RunRecord(done.record, {})
    RunRecord(done.record, {})
    write_row(done.validation, 2, {"loss": 0.7, "map": 0.9, "stray": 0.4})
    write_row(done.validation, 3, {"loss": 0.8, "map": 0.8, "stray": 0.31})
    make_run(tmp_path / "deeper" / "b", 1, CAM)
    with locked(make_run(tmp_path / "deeper" / "c", 0).root):
        assert main(["runs", str(tmp_path)]) == 0
    header, _, *rows = table(capsys)
    assert [dict(zip(header, row, strict=True)) for row in rows] == [
        {
            "run": f"{tmp_path}/a",
            "network": "wide_resnet38 fca sf2",
            "data": "voc VOC2012",
            "epochs": "3/3",
            "state": "finished",
            "loss": "0.3333",
            "val loss": "0.7000",
            "mAP": "90.00%",
            "stray": "31%",
            "mIoU": "",
            "images/s": "20.0",
            "wait": "1.0%",
            "starts": "2",
        },
        {
            "run": f"{tmp_path}/deeper/b",
            "network": "wide_resnet38 cam",
            "data": "voc VOC2012",
            "epochs": "1/3",
            "state": "interrupted",
            "loss": "1.0000",
            "val loss": "",
            "mAP": "",
            "stray": "",
            "mIoU": "",
            "images/s": "10.0",
            "wait": "1.0%",
            "starts": "",
        },
        {"run": f"{tmp_path}/deeper/c", "network": "wide_resnet38 fca sf2", "data": "voc VOC2012", "epochs": "0/3"}
        | {"state": "running"}
        | dict.fromkeys(("loss", "val loss", "mAP", "stray", "mIoU", "images/s", "wait", "starts"), ""),
    ]


def test_two_runs_are_compared(tmp_path, capsys):
    make_run(tmp_path / "a", 1)
    by_masks = replace(CONFIG.training, seed=1, select="miou", validate_every=1, validate_miou=True)
    other = make_run(tmp_path / "b", 1, replace(CONFIG, training=by_masks))
    write_row(other.validation, 1, {"miou": 0.5})
    assert main(["runs", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    lines = table(capsys)
    assert lines[3][9] == "50.00%*"
    assert lines[5] == ["* selected with masks: the validation split's masks chose the trained network's epoch"]
    assert ["training.seed", "0", "1"] in lines and ["training.select", "last", "miou"] in lines
    assert ["training.epochs", "3", "3"] not in lines


def test_what_tags_told_at_the_end_is_told_again(tmp_path, capsys):
    run = make_run(tmp_path / "a", 1)
    RunRecord(run.record, {"warnings": ["of a start before"]})
    RunRecord(run.record, {"warnings": ["masks of hat", "no mask of bag"]})
    assert main(["runs", str(tmp_path)]) == 0
    assert table(capsys)[3:] == [
        [""],
        [f"{run.root}: warning: masks of hat"],
        [""],
        [f"{run.root}: warning: no mask of bag"],
    ]


def test_the_same_config_twice(tmp_path, capsys):
    for name in "ab":
        make_run(tmp_path / name, 1)
    assert main(["runs", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("\nthe configs are the same\n")


@pytest.mark.parametrize("name", ["empty", "none"])
def test_no_run(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert main(["runs", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path / name}: no run there or below: a run is what `train --output` writes\n"
    )


def test_several_networks_are_counted():
    assert describe_network(ModelConfig(networks=3)) == "wide_resnet38 fca sf2 x3"
    assert describe_network(ModelConfig(networks=2, head="cam")) == "wide_resnet38 cam x2"
