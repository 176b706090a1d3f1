"""The demo as a user types it, on drawn scenes that are smaller than its own."""

import json

import pytest
from PIL import Image

from wsfcn_tf.__main__ import main


@pytest.mark.slow
def test_demo_trains_compares_and_draws(tmp_path, capsys):
    small = ["data.scenes.train=24", "data.scenes.val=4", "data.scenes.size=48", "data.crop_size=48"]
    small += [
        "training.epochs=2",
        "training.pretrain_epochs=1",
        "training.cooldown_epochs=1",
        "training.batch_size=8",
        "model.decoder_width=8",
    ]
    arguments = ["demo", "--output", str(tmp_path), "--seed", "3", *(f"--set={setting}" for setting in small)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    result = json.loads((tmp_path / "seed-3" / "metrics.json").read_text())
    assert list(result) == ["all background", "colour classifier", "CAM", "WS-FCN"]
    for name, metrics in result.items():
        assert any(name in line and f"{100 * metrics['miou']:.2f}" in line for line in printed.splitlines())
    assert Image.open(tmp_path / "seed-3" / "panel.png").size[0] > 400
    assert main(arguments) == 0  # all is done: evaluates again
    assert json.loads((tmp_path / "seed-3" / "metrics.json").read_text()) == result
