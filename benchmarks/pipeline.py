"""The training pipeline against a plain OpenCV loop, and what a second worker gives.

Run `python -m benchmarks.pipeline`: on an idle machine, for what the second worker gives. With a folder of JPEGs as its
argument, it takes these instead of generated ones.

The loop does the same work in the plainest way, in one thread: read, decode, crop, resize, flip, jitter, normalise,
stack. Its bicubic is OpenCV's (a = -0.75, no antialiasing) and its colour arithmetic OpenCV's, neither of which is the
release's; the pipeline's are Pillow's, to the bit, as the release's.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import numpy as np

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.augmentation.photo_views import random_crop_box

_PHOTOS, _VIEWS, _BATCH, _ROUNDS = 32, 256, 16, 9
_HEIGHT, _WIDTH, _QUALITY = 375, 500, 90
_CONFIG = DataConfig()
_MEAN, _STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


class Photos:
    """A dataset of JPEG files; each is there as often as it takes."""

    class_names = ("thing",)

    def __init__(self, paths: list[Path]) -> None:
        self.paths = {f"{index:04d}": paths[index % len(paths)] for index in range(_VIEWS)}

    def image(self, name):
        """The photo."""
        from wsfcn_tf.data.photos.images import read_image

        return read_image(self.paths[name])

    def tags(self, name):
        """Always the same."""
        return np.ones(1, np.float32)


def main() -> None:
    """Measures and prints."""
    from benchmarks.measure import where

    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(Path(sys.argv[1]).glob("*.jpg")) if sys.argv[1:] else _generated(Path(folder))
        size = np.mean([path.stat().st_size for path in paths]) / 1e3
        print(
            f"{where()}\n\n{len(paths)} JPEGs of {size:.0f} kB on average; {_VIEWS} views a round, {_ROUNDS} rounds\n"
        )
        _measure(paths)


def _measure(paths: list[Path]) -> None:
    photos = Photos(paths)
    files = list(photos.paths.values())
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        runs = {
            "OpenCV loop": lambda: opencv_loop(files),
            "pipeline, 1 worker": _pipeline(photos, 1),
            "pipeline, 2 workers": _pipeline(photos, 2),
            "OpenCV loop, 2 processes": lambda: list(pool.map(opencv_loop, [files[::2], files[1::2]])),
        }
        wall, cpu = _alternating(runs)
    print("| | images/s | ms of CPU per image | images per second of CPU |\n|---|---:|---:|---:|")
    for name in runs:
        own = "" if "processes" in name else f"{1e3 * np.median(cpu[name]):.2f}"
        per_cpu = "" if "processes" in name else f"{1 / np.median(cpu[name]):.0f}"
        print(f"| {name} | {1 / np.median(wall[name]):.0f} | {own} | {per_cpu} |")
    loop, one, two, processes = runs
    print(
        f"\nPipeline with 1 worker against the loop: {_ratio(cpu[loop], cpu[one])} per CPU, "
        f"{_ratio(wall[loop], wall[one])} by the clock.\n"
        f"Pipeline with 2 workers against 1: {_ratio(wall[one], wall[two])}.\n"
        f"Loop in 2 processes, which share nothing, against 1: {_ratio(wall[loop], wall[processes])}."
    )


def _ratio(slow: list[float], fast: list[float]) -> str:
    """The median over the rounds of how many times faster, and the quarter and three quarters of them."""
    low, middle, high = np.percentile(np.divide(slow, fast), [25, 50, 75])
    return f"{middle:.2f} times ({low:.2f} to {high:.2f})"


def _alternating(runs: dict[str, Callable[[], object]]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds per view of each round: by the clock, and of this process' CPU."""
    for run in runs.values():
        run()
    wall: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(_ROUNDS):
        for name, run in runs.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            run()
            wall[name].append((time.perf_counter() - start) / _VIEWS)
            cpu[name].append((time.process_time() - start_cpu) / _VIEWS)
    return wall, cpu


def _pipeline(photos: Photos, workers: int) -> Callable[[], None]:
    from dataclasses import replace

    from wsfcn_tf.data.pipeline import training_batches

    config = replace(_CONFIG, workers=workers)
    batches = training_batches(photos, list(photos.paths), config, batch_size=_BATCH, seed=0)

    def run():
        assert sum(len(images) for images, _, _ in batches) == _VIEWS

    return run


def opencv_loop(paths: list[Path]) -> None:
    """Batches of the given photos, one photo after another."""
    cv2.setNumThreads(1)
    for start in range(0, len(paths), _BATCH):
        part = range(start, min(start + _BATCH, len(paths)))
        np.stack([_opencv_view(paths[index], np.random.default_rng([0, 0, index])) for index in part])


def _opencv_view(path: Path, rng: np.random.Generator) -> np.ndarray:
    """float32 [S,S,3], normalised RGB."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    top, left, height, width = random_crop_box(*image.shape[:2], rng, _CONFIG.crop_area, _CONFIG.crop_ratio)
    side = (_CONFIG.crop_size, _CONFIG.crop_size)
    image = cv2.resize(image[top : top + height, left : left + width], side, interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.5:
        image = cv2.flip(image, 1)
    for part in rng.permutation(4):
        image = _JITTER[part](image, rng.uniform(-1, 1) * _CONFIG.jitter[part])
    return (image.astype(np.float32) / 255 - _MEAN) / _STD


def _brightness(image, change):
    return cv2.convertScaleAbs(image, alpha=1 + change)


def _contrast(image, change):
    mean = cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0]
    return cv2.addWeighted(image, 1 + change, image, 0, -change * mean)


def _saturation(image, change):
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(image, 1 + change, grey, -change, 0)


def _hue(image, change):
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    hsv[..., 0] += np.uint8(round(256 * change) % 256)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL)


_JITTER = (_brightness, _contrast, _saturation, _hue)


def _generated(folder: Path) -> list[Path]:
    """JPEGs with detail at every size, as photos have."""
    paths = [folder / f"{index:03d}.jpg" for index in range(_PHOTOS)]
    for seed, path in enumerate(paths):
        rng, picture = np.random.default_rng(seed), np.zeros((_HEIGHT, _WIDTH, 3), np.float32)
        for cells in (2, 4, 8, 16, 32, 64, 128, 250, 500):
            noise = rng.standard_normal((cells * _HEIGHT // _WIDTH + 1, cells, 3)).astype(np.float32)
            noise = 1.3 * noise.mean(axis=-1, keepdims=True) + 0.25 * noise  # mostly grey
            picture += cv2.resize(noise, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC) / cells**0.25
        levels = np.uint8(np.clip(128 + 40 * picture, 0, 255))
        cv2.imwrite(str(path), levels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return paths


if __name__ == "__main__":
    main()
