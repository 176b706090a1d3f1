"""What a training step of the small network costs, with a narrower decoder or a coarser shallow feature.

Run `python -m benchmarks.small_step`. The settings are those of configs/photos_small.yaml, but for what the table says,
or those of one network of configs/photos_best.yaml; all take turns in one process.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import tensorflow as tf

from benchmarks.measure import where
from wsfcn_tf.config.reading import load_config
from wsfcn_tf.models import build_model
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.weights.precision import fastest_precision, precision

_SMALL, _BEST = "configs/photos_small.yaml", "configs/photos_best.yaml"
_VARIANTS = {
    "as it is": {},
    "decoder_width 96, low_width 96": {"decoder_width": 96, "low_width": 96},
    "decoder_width 64, low_width 64": {"decoder_width": 64, "low_width": 64},
    "low_stride 8": {"low_stride": 8},
    "low_stride 8, decoder_width 64, low_width 64": {"low_stride": 8, "decoder_width": 64, "low_width": 64},
}
_VARIANTS_OF_BEST = {
    "photos_best": {},
    "photos_best, decoder_width 64, low_width 64": {"decoder_width": 64, "low_width": 64},
}
_MAX_TAGS, _CLASSES, _ROUNDS = 3, 21, 4


def main() -> None:
    """Prints the table: seconds of the wall clock, and of the processors, which other work disturbs less."""
    steps = {}
    for path, variants in ((_SMALL, _VARIANTS), (_BEST, _VARIANTS_OF_BEST)):
        config = load_config(path, ["model.networks=1", f"training.precision={fastest_precision()}"])
        steps |= {name: _step(config, settings) for name, settings in variants.items()}
    times = {name: [] for name in steps}
    for _ in range(2 + _ROUNDS):
        for name, step in steps.items():
            start = time.perf_counter(), time.process_time()
            step()
            times[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
    print(f"{where()}, {config.training.precision}\n")
    print("| network | s a step of 16 | processors' s | ratio of these |\n|---|---:|---:|---:|")
    medians = {name: np.median(measured[2:], axis=0) for name, measured in times.items()}
    for name, (wall, processors) in medians.items():
        print(f"| {name} | {wall:.2f} | {processors:.2f} | {processors / medians['as it is'][1]:.2f} |")


def _step(config, settings: dict) -> Callable[[], object]:
    side = config.data.crop_size
    with precision(config.training.precision):
        model = build_model(replace(config.model, num_classes=_CLASSES, **settings))
        optimizer = build_optimizer(model, replace(config.training, cooldown_epochs=0))
        model.compile(optimizer, Objective(config.self_supervision, _MAX_TAGS))
    channels = 4 if config.self_supervision.saliency else 3
    images = tf.clip_by_value(tf.random.normal([config.training.batch_size, side, side, channels]), -1, 1)
    tags = tf.one_hot(tf.range(config.training.batch_size) % _CLASSES, _CLASSES)
    step = tf.function(lambda: model.update(images, tags, True), autograph=False)
    return lambda: step()["loss"].numpy()


if __name__ == "__main__":
    main()
