"""Tiny data folders, built on the spot."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_photos import save_photo


@pytest.fixture
def voc_root(tmp_path: Path) -> Path:
    """Photos a to f with tags of three classes, all in the train list; e and f, with masks, in the val list too."""
    root = tmp_path / "voc"
    for seed, name in enumerate("abcdef"):
        save_photo(root / "JPEGImages" / f"{name}.jpg", seed)
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb\nc\nd\ne\nf\n")
    (lists / "val.txt").write_text("e\nf\n")
    (root / "classes.txt").write_text("background\ncat\ndog\nsheep\n")
    (root / "tags.csv").write_text(
        "image,tags\na.jpg,cat\nb.jpg,dog\nc.jpg,cat;sheep\nd.jpg,\ne.jpg,dog\nf.jpg,sheep\n"
    )
    (root / "SegmentationClass").mkdir()
    for label, name in ((2, "e"), (3, "f")):
        Image.fromarray(np.full((20, 24), label, np.uint8)).save(root / "SegmentationClass" / f"{name}.png")
    return root


@pytest.fixture
def tagged_root(tmp_path: Path) -> Path:
    """Three photos, one of them in a folder, and their tags.csv."""
    root = tmp_path / "photos"
    for seed, name in enumerate(("one.jpg", "more/two.png", "three.jpeg")):
        save_photo(root / name, seed)
    (root / "tags.csv").write_text("image,tags\none.jpg,dog;cat\nmore/two.png,\nthree,dog\n")
    return root
