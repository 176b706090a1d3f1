"""The 147 M-parameter network at 321x321, batch 1: one evaluation pass and one training step; or its export.

Run `python -m benchmarks.full_network`, or `python -m benchmarks.full_network export`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.measure import alternating_seconds, peak_gigabytes, where
from wsfcn_tf.config import ExperimentConfig, ModelConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.data.tags.class_names import VOC
from wsfcn_tf.models import build_model
from wsfcn_tf.models.counting import count_parameters
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training import Objective, build_optimizer


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("steps", "export"), default="steps")
    if parser.parse_args().what == "export":
        _export()
    else:
        _steps()


def _steps() -> None:
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


def _export() -> None:
    """`export` of drawn weights, each time in a process of its own."""
    config = ExperimentConfig(model=ModelConfig(num_classes=len(VOC)))
    print(f"{where()}\n\n| export | s | SavedModel, MB | peak memory of the process, GB |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "run")
        run.create(config, VOC)
        build_model(config.model).save_weights(run.weights)
        for words in (["--precision", "float32"], ["--precision", "float16"], ["--precision", "bfloat16"]):
            output = Path(folder) / words[-1] / "1"
            start = time.perf_counter()
            command = [sys.executable, "-m", "wsfcn_tf", "export", str(run.root), "--output", str(output), *words]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            if status:
                raise SystemExit(f"{' '.join(command)}: failed")
            size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
            row = f"{seconds:.0f} | {size / 1e6:.0f} | {usage.ru_maxrss / 1e6:.1f}"
            print(f"| {' '.join(words)} | {row} |", flush=True)


if __name__ == "__main__":
    main()
