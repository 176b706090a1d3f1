"""The walk of docs/masks.md: tags, the least certain photos, masks of these, training again; no person is needed."""

import base64
import csv
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.__main__ import main
from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.training import trainer
from wsfcn_tf.weights import trained

SCENES = Scenes(ScenesConfig(train=16, val=8, size=48))
CONFIG = """
model: {from_scratch: true}
data: {format: tagged, crop_size: 48}
self_supervision: {pamr_iterations: 1, pamr_dilations: [1]}
training: {epochs: 6, pretrain_epochs: 3, batch_size: 4, learning_rate: 0.003, panels: 0, keep_checkpoints: 1}
inference: {scales: [1], background: none}
"""


@pytest.fixture(autouse=True)
def tiny_networks(monkeypatch):
    for module in (trainer, trained):
        monkeypatch.setattr(module, "build_model", build_tiny)


@pytest.fixture
def photos(tmp_path):
    """A folder of photos with tags, those of val with masks, too."""
    root = tmp_path / "photos"
    (root / "masks").mkdir(parents=True)
    rows = [("image", "tags")]
    for split in ("train", "val"):
        for name in SCENES.names(split):
            Image.fromarray(SCENES.image(name)).save(root / f"{name}.png")
            rows.append((f"{name}.png", ";".join(np.array(SCENES.class_names)[SCENES.tags(name) > 0])))
    for name in SCENES.names("val"):
        write_mask(root / "masks" / f"{name}.png", SCENES.mask(name))
    (root / "val.txt").write_text("".join(f"{name}.png\n" for name in SCENES.names("val")))
    (root / "classes.txt").write_text("".join(f"{name}\n" for name in SCENES.class_names))
    with (root / "tags.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return root


def correct(file):
    """What a person does to a file of LabelMe's: each class painted where it is."""
    content, mask = json.loads(file.read_text()), SCENES.mask(file.stem)
    content["shapes"] = []
    for label in set(mask.ravel().tolist()) - {0}:
        rows, columns = np.nonzero(mask == label)
        top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
        painted = io.BytesIO()
        Image.fromarray(mask[top : bottom + 1, left : right + 1] == label).save(painted, "PNG")
        content["shapes"].append(
            {
                "label": SCENES.class_names[label - 1],
                "shape_type": "mask",
                "points": [[int(left), int(top)], [int(right), int(bottom)]],
                "mask": base64.b64encode(painted.getvalue()).decode(),
            }
        )
    file.write_text(json.dumps(content))


def test_the_walk(photos, tmp_path, capsys):
    (tmp_path / "config.yaml").write_text(CONFIG)
    start = ["train", "--config", str(tmp_path / "config.yaml"), "--set", f"data.root={photos}", "--output"]
    tags, masks, drawn = str(tmp_path / "tags"), str(tmp_path / "masks"), tmp_path / "drawn"

    assert main([*start, tags]) == 0
    predict = ["predict", "--weights", tags, "--split", "train", "--least-certain", "6"]
    assert main([*predict, "--write", "labelme", "--with-photos", "--output", str(drawn)]) == 0
    files = sorted(drawn.glob("train_*.json"))
    assert len(files) == 6
    for file in files:
        correct(file)
        shutil.copy(file, photos / "masks")
    capsys.readouterr()
    main(["doctor", str(photos)])
    line = "masks of training photos, for data.masks=train: 6 complete, 10 with tags only"
    assert line in capsys.readouterr().out

    again = ["data.masks=train", f"training.weights={tags}", "training.pretrain_epochs=0", "training.epochs=40"]
    assert main([*start, masks, *(word for setting in again for word in ("--set", setting))]) == 0
    for run in (tags, masks):
        assert main(["evaluate", "--weights", run, "--data", str(photos), "--output", f"{run}/evaluation"]) == 0
    mious = [
        json.loads((tmp_path / run / "evaluation" / "metrics.json").read_text())["miou"] for run in ("tags", "masks")
    ]
    assert mious[1] > mious[0] + 0.05, mious
    capsys.readouterr()
    assert main(["compare", f"{masks}/evaluation", f"{tags}/evaluation"]) == 0
    assert "mIoU" in capsys.readouterr().out
