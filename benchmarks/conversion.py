"""A synthetic full-size WS-FCN checkpoint through the commands: to Keras, evaluate, predict, and back to PyTorch.

The weights are drawn by the goldens' recipe, so the masks mean nothing: time, memory and equality are what is shown.

Run `python -m benchmarks.conversion`.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
import torch
from golden import recipe
from PIL import Image

from benchmarks.measure import where
from wsfcn_tf.data.tags.class_names import VOC

_SIDES = (281, 500)


def main() -> None:
    """Makes the files, runs the commands, prints a table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        state = {f"module.{name}": torch.from_numpy(value) for name, value in recipe.state_dict("wsfcn").items()}
        torch.save(state, root / "model_enc_e018Xs0.905.pth")
        _make_photos(root / "photos")
        print(f"{where()}, PyTorch {torch.__version__}\n\n| command | seconds | peak memory, GB |\n|---|---:|---:|")
        converted = root / "wsfcn" / "model.weights.h5"
        _run("convert-weights", str(root / "model_enc_e018Xs0.905.pth"), "--to", str(converted))
        _run("evaluate", "--weights", str(converted), "--data", str(root / "photos"), "--split", "val")
        _run("predict", "--weights", str(converted), "--output", str(root / "masks"), str(root / "photos/JPEGImages"))
        _run("convert-weights", str(converted), "--to", str(root / "back.pth"))
        back = torch.load(root / "back.pth", weights_only=True)
        used = {name.removeprefix("module."): value for name, value in state.items() if ".bn." not in name}
        assert back.keys() == {name.removeprefix("module.") for name in state}
        assert all(torch.equal(back[name], value) for name, value in used.items())
        print(f"\nall {len(used)} tensors that the network uses came back unchanged")


def _make_photos(root: Path) -> None:
    """Two photos of noise with masks, in VOC's layout."""
    rng = np.random.default_rng(0)
    for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / name).mkdir(parents=True)
    for name in ("a", "b"):
        Image.fromarray(rng.integers(0, 256, (*_SIDES, 3), np.uint8)).save(root / "JPEGImages" / f"{name}.jpg")
        Image.fromarray(rng.integers(0, 21, _SIDES, np.uint8)).save(root / "SegmentationClass" / f"{name}.png")
    (root / "ImageSets/Segmentation/val.txt").write_text("a\nb\n")
    (root / "classes.txt").write_text("background\n" + "".join(f"{name}\n" for name in VOC))
    (root / "tags.csv").write_text("image,tags\na.jpg,cat\nb.jpg,dog\n")


def _run(*arguments: str) -> None:
    """One command in a process of its own, under `time -v`, which tells its peak memory."""
    start = time.perf_counter()
    done = subprocess.run(
        ["/usr/bin/time", "-v", sys.executable, "-m", "wsfcn_tf", *arguments], capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    kilobytes = int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)[1])
    words = [Path(word).name for word in arguments]
    print(f"| {' '.join(words)} | {time.perf_counter() - start:.1f} | {kilobytes / 1e6:.1f} |", flush=True)


if __name__ == "__main__":
    main()
