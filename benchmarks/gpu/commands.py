"""Parts that run the package's commands: a training that is stopped and resumed, and an export that is called."""

import argparse
import csv
import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf
from PIL import Image

from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes

_PHOTOS, _EPOCHS, _STOP_AFTER = 1024, 4, 2


def training(options: argparse.Namespace) -> None:
    """`photos_small.yaml` on generated photos: some epochs, SIGTERM, resumed to the end."""
    folder = options.output / "photos"
    small = not tf.config.list_physical_devices("GPU")
    count = 64 if small else _PHOTOS
    _generate(folder, count)
    run = options.output / "run"
    settings = {
        "data.format": "tagged",
        "data.root": folder,
        "data.crop_size": 64 if small else 224,
        "training.weights": "null",
        "model.from_scratch": "true",
        "training.epochs": _EPOCHS,
        "training.pretrain_epochs": 1,
        "training.cooldown_epochs": 1,
        "training.validate_every": 0,
        "inference.crf.iterations": 0,
    }
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    command = [
        sys.executable,
        "train.py",
        "--config",
        "configs/photos_small.yaml",
        "--output",
        str(run),
        "--resume",
        *words,
    ]
    start = time.perf_counter()
    first = subprocess.Popen(command, stdout=sys.stderr)
    while first.poll() is None and len(_rows(run / "speed.csv")) < _STOP_AFTER:
        time.sleep(0.2)
    first.send_signal(signal.SIGTERM)
    status = first.wait()
    stopped = [path.name for path in sorted((run / "checkpoints").iterdir())]
    seconds = time.perf_counter() - start
    print(f"\ntrain.py: SIGTERM in epoch {_STOP_AFTER + 1}, status {status} (75: saved), {seconds:.0f} s")
    print(f"checkpoints then: {', '.join(stopped)}")
    subprocess.run(command, stdout=sys.stderr, check=True)
    print(f"resumed to the end; {time.perf_counter() - start:.0f} s in all\n")
    print("| epoch | loss | images/s | waiting |\n|---:|---:|---:|---:|")
    for speed, means in zip(_rows(run / "speed.csv"), _rows(run / "history.csv"), strict=True):
        cells = f"{float(means['loss']):.3f} | {float(speed['images_per_second']):.0f} | {float(speed['wait']):.1%}"
        print(f"| {speed['epoch']} | {cells} |")


def export(options: argparse.Namespace) -> None:
    """The trained network as a SavedModel, called with encoded photos."""
    model, photos = options.output / "model" / "1", sorted((options.output / "photos").glob("*.jpg"))[:16]
    command = [sys.executable, "-m", "wsfcn_tf"]
    subprocess.run(
        [*command, "export", str(options.output / "run"), "--output", str(model)], stdout=sys.stderr, check=True
    )
    served = tf.saved_model.load(str(model)).signatures["serving_default"]
    name = next(iter(served.structured_input_signature[1]))
    encoded = tf.constant([path.read_bytes() for path in photos])
    start = time.perf_counter()
    answer = served(**{name: encoded})
    first = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(5):
        answer = served(**{name: encoded})
    seconds = (time.perf_counter() - start) / 5
    print(
        f"\nserving_default: {len(photos) / seconds:.1f} photos/s in requests of {len(photos)}; the first {first:.1f} s"
    )
    masks = options.output / "masks"
    words = ["predict", "--weights", str(options.output / "run"), "--output", str(masks), *map(str, photos)]
    subprocess.run([*command, *words], stdout=sys.stderr, check=True)
    key = next(key for key in answer if key.startswith("mask"))
    same = []
    for path, png in zip(photos, answer[key].numpy(), strict=True):
        predicted = np.asarray(Image.open(next(masks.rglob(f"{path.stem}*.png"))))
        same.append(np.mean(np.asarray(Image.open(io.BytesIO(png))) == predicted))
    print(f"pixels labelled as by `predict`: {np.mean(same):.4%}")


def _generate(folder: Path, count: int) -> None:
    scenes = Scenes(ScenesConfig(train=count, val=1, size=256))
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["image,tags"]
    for name in scenes.names("train"):
        cv2.imwrite(str(folder / f"{name}.jpg"), cv2.cvtColor(scenes.image(name), cv2.COLOR_RGB2BGR))
        tags = ";".join(np.array(scenes.class_names)[scenes.tags(name) > 0])
        lines.append(f"{name}.jpg,{tags}")
    (folder / "tags.csv").write_text("\n".join(lines) + "\n")


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines())) if path.is_file() else []
