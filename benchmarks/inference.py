"""What inference costs: the release's padding against none, and memory over many photos.

Run `python -m benchmarks.inference padding` (with `--backbone wide_resnet38 --rounds 1`: the paper's), `memory`, or
`precision`, for the networks of the shipped settings of real photos.
Networks have random weights, which changes no time. Photos are noise of VOC's size.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from dataclasses import replace

import numpy as np

from benchmarks.measure import alternating_seconds, peak_gigabytes, where
from wsfcn_tf.config import CRFConfig, InferenceConfig, ModelConfig
from wsfcn_tf.config.reading import load_config
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import Photo, with_crf_processes
from wsfcn_tf.models import build_model
from wsfcn_tf.weights.precision import precision

_SCALES = (1.0, 0.5, 1.5, 2.0)
_SIZE = (375, 500)


def main() -> None:
    """Prints the table that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("padding", "memory", "precision"))
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--crf-iterations", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.what == "precision":
        _precision(arguments.rounds)
        return
    print(f"{where()}, {arguments.backbone}, photos of {_SIZE[1]}x{_SIZE[0]}\n", flush=True)
    classes = 20 if arguments.what == "padding" else 3  # few, for the CRF of noise is slow
    model = build_model(ModelConfig(backbone=arguments.backbone, num_classes=classes))
    if arguments.what == "padding":
        _padding(model, arguments.rounds)
    else:
        _memory(model, arguments.photos, arguments.crf_iterations)


def _padding(model, rounds: int) -> None:
    photo = _photo(0)
    predictors = {
        "tight": Predictor(model, InferenceConfig(scales=_SCALES, flip=True)),
        "release, 1024x1024": Predictor(model, InferenceConfig(scales=_SCALES, flip=True, pad="release")),
    }
    seconds = alternating_seconds({name: lambda p=p: p(photo) for name, p in predictors.items()}, rounds)
    print("| padding | s a photo, 4 scales + flips | ratio |\n|---|---:|---:|")
    for name, value in seconds.items():
        print(f"| {name} | {value:.2f} | {value / seconds['tight']:.2f} |")


def _memory(model, count: int, iterations: int) -> None:
    """Photos of eight sizes, with CRF; the peak is the process's so far, its CRF processes left out."""
    predict = with_crf_processes(
        Predictor(model, InferenceConfig(presence_threshold=0.0, crf=CRFConfig(iterations=iterations)))
    )
    photos = (Photo(str(index), _photo(index)) for index in range(count))
    print("| photos | peak memory, GB |\n|---:|---:|")
    for done, _ in enumerate(predict(photos), start=1):
        if done in (1, 10) or done % 100 == 0:
            print(f"| {done} | {peak_gigabytes():.2f} |", flush=True)


def _precision(rounds: int) -> None:
    """Seconds of the wall clock, and of the processors, which other work beside disturbs less."""
    views = {"one view": {}, "1, 0.5, 1.5, 2 and flips": {"scales": _SCALES, "flip": True}}
    photo = _photo(0)[:213, :320]
    print(f"{where()}, photos of 320x213\n")
    print("| network | views | precision | s a photo | processors' s a photo |\n|---|---|---|---:|---:|")
    for name in ("photos_small", "photos_best"):
        config = replace(load_config(f"configs/{name}.yaml", ["model.networks=1"]).model, num_classes=20)
        models = {}
        for kind in ("float32", "bfloat16"):
            with precision(kind):
                models[kind] = build_model(config)
        for told, settings in views.items():
            predictors = {kind: Predictor(model, InferenceConfig(**settings)) for kind, model in models.items()}
            times = {kind: [] for kind in predictors}
            for _ in range(1 + rounds):
                for kind, predictor in predictors.items():
                    start = time.perf_counter(), time.process_time()
                    predictor(photo)
                    times[kind].append((time.perf_counter() - start[0], time.process_time() - start[1]))
            for kind, measured in times.items():
                wall, processors = np.median(measured[1:], axis=0)
                print(f"| {name} | {told} | {kind} | {wall:.3f} | {processors:.3f} |", flush=True)


def _photo(seed: int) -> np.ndarray:
    height, width = (side - 10 * (seed % 8) for side in _SIZE)
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


if __name__ == "__main__":
    main()
