"""What `train` does before TensorFlow is there; trainings themselves are in test_photos_to_masks."""

import os
import platform

import pytest

from wsfcn_tf.__main__ import main


@pytest.mark.parametrize(
    ("machine", "before", "after"),
    [("x86_64", None, "1"), ("AMD64", None, "1"), ("x86_64", "0", "0"), ("aarch64", None, None)],
)
def test_onednn_is_switched_on_where_tensorflow_may_have_it_off(machine, before, after, monkeypatch, tmp_path):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "")  # what follows is undone then, whatever it does
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    if before is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", before)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    config = tmp_path / "missing.yaml"
    assert main(["train", "--config", str(config), "--output", str(tmp_path / "run")]) == 2
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == after
