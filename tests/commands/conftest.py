"""A folder of six tiny photos, and a network of a few convolutions that was trained on them, for all tests of commands.

Networks as a config names them are trained in test_trainer.py, and loaded in test_export.py and test_conversion.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from six_photos import SMALL, photo

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.__main__ import main
from wsfcn_tf.training import trainer
from wsfcn_tf.weights import trained as weights_of_runs


@contextmanager
def networks_are_tiny() -> Iterator[None]:
    """Within, commands make the tiny network, for every one of them traces it anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_model", build_tiny)
        patch.setattr(weights_of_runs, "build_model", build_tiny)
        yield


@pytest.fixture(scope="module")
def tiny_networks():
    """For modules whose commands make networks."""
    with networks_are_tiny():
        yield


@pytest.fixture(scope="session")
def root(tmp_path_factory) -> Path:
    """A VOC-layout folder: six photos to train on, of which the last two have masks."""
    root = tmp_path_factory.mktemp("voc")
    for seed, name in enumerate("abcdef"):
        photo(root / "JPEGImages" / f"{name}.jpg", seed)
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb\nc\nd\ne\nf\n")
    (lists / "val.txt").write_text("e\nf\n")
    (root / "classes.txt").write_text("background\ncat\ndog\n")
    (root / "tags.csv").write_text("image,tags\na.jpg,cat\nb.jpg,dog\nc.jpg,cat;dog\nd.jpg,\ne.jpg,dog\nf.jpg,cat\n")
    (root / "SegmentationClass").mkdir()
    for label, name in ((2, "e"), (1, "f")):
        Image.fromarray(np.full((36, 44), label, np.uint8)).save(root / "SegmentationClass" / f"{name}.png")
    return root


@pytest.fixture(scope="session")
def trained(root, tmp_path_factory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs")
    config = folder / "small.yaml"
    config.write_text(SMALL)
    run = folder / "run"
    with networks_are_tiny():
        assert main(["train", "--config", str(config), "--set", f"data.root={root}", "--output", str(run)]) == 0
    return run
