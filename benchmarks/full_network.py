"""The 147 M-parameter network at 321x321, batch 1: one evaluation pass and one training step.

Run `python -m benchmarks.full_network`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.measure import alternating_seconds, peak_gigabytes, where
from wsfcn_tf.config import ModelConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.models import build_model
from wsfcn_tf.models.counting import count_parameters
from wsfcn_tf.training import Objective, build_optimizer


def main() -> None:
    """Measures and prints."""
    keras.utils.set_random_seed(0)
    model = build_model(ModelConfig(num_classes=20))
    total, trainable = count_parameters(model)
    images = tf.constant(np.random.default_rng(0).standard_normal((1, 321, 321, 3)), tf.float32)
    tags = tf.one_hot([2], 20)

    forward = tf.function(lambda: model(images, training=False))
    seconds = alternating_seconds({"evaluation pass": lambda: forward()["masks"].numpy()}, rounds=2)
    memory = {"evaluation pass": peak_gigabytes()}

    model.compile(build_optimizer(model, TrainingConfig()), Objective(SelfSupervisionConfig(), max_tags=1))
    step = tf.function(lambda: model.update(images, tags, True))
    seconds |= alternating_seconds({"training step, both losses": lambda: step()["loss"].numpy()}, rounds=2)
    memory["training step, both losses"] = peak_gigabytes()

    print(f"{where()}\nparameters {total:,}, trainable {trainable:,}\n")
    print("| 321x321, batch 1 | seconds (median of 2) | peak memory of the process, GB |\n|---|---:|---:|")
    for name, value in seconds.items():
        print(f"| {name} | {value:.2f} | {memory[name]:.1f} |")


if __name__ == "__main__":
    main()
