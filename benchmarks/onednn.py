"""What oneDNN is worth on this machine, which TensorFlow uses by default only where the CPU has AVX512-VNNI.

Run `python -m benchmarks.onednn`. Steps with the mask loss, and predictions of single photos, in float32. The
switch is read when TensorFlow starts, so processes with it and without it take turns.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import json
import statistics
import subprocess
import sys
from collections.abc import Callable

import keras
import tensorflow as tf
from tqdm import tqdm

from benchmarks.measure import alternating_seconds, where
from wsfcn_tf.config import ModelConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.models import build_model
from wsfcn_tf.training import Objective, build_optimizer

_CLASSES, _ROUNDS, _STEPS = 14, 3, 3
_SMALL = {"decoder_width": 128, "dilations": (1, 2, 4, 6)}
_NETWORKS = {
    "EfficientNet-Lite0, as photos_small": ({"backbone": "efficientnet_lite0", "low_width": 128, **_SMALL}, 224, 4),
    "WideResNet-38, half as wide": ({"width": 0.5, **_SMALL}, 129, 4),
}


def _calls() -> dict[str, Callable[[], object]]:
    """A step and a prediction of each network."""
    calls = {}
    for name, (settings, side, batch) in _NETWORKS.items():
        keras.utils.set_random_seed(0)
        model = build_model(ModelConfig(num_classes=_CLASSES, **settings))
        model.compile(build_optimizer(model, TrainingConfig()), Objective(SelfSupervisionConfig(), max_tags=2))
        images = tf.random.stateless_normal([batch, side, side, 3], [0, 1])
        tags = tf.one_hot(tf.range(batch), _CLASSES)
        step = tf.function(lambda model=model, images=images, tags=tags: model.update(images, tags, True)["loss"])
        photo = tf.random.stateless_normal([1, 213, 320, 3], [0, 2])
        predict = tf.function(lambda model=model, photo=photo: model(photo, training=False)["masks"])
        calls[f"{name}: a step, batch {batch}, crops of {side}"] = lambda step=step: step().numpy()
        calls[f"{name}: a photo of 320x213"] = lambda predict=predict: predict().numpy()
    return calls


def _seconds(switch: str) -> dict[str, float]:
    """Of each call, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.onednn", "measure"]
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": switch}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(output.splitlines()[-1])


def main() -> None:
    """Prints a table, or what one process measures."""
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(alternating_seconds(_calls(), _STEPS)))
        return
    rounds = [{switch: _seconds(switch) for switch in "01"} for _ in tqdm(range(_ROUNDS))]
    print(f"{where()}\n\n| | without, s | with / without |\n|---|---:|---:|")
    for name in rounds[0]["0"]:
        without, with_it = (statistics.median(both[switch][name] for both in rounds) for switch in "01")
        print(f"| {name} | {without:.2f} | {with_it / without:.2f} |")


if __name__ == "__main__":
    main()
