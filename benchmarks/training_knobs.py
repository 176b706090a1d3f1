"""What the memory and speed keys cost and save in a training step on this machine.

Run `python -m benchmarks.training_knobs`. WS-FCN at half its width, decoder too, batch 4, crops of 129, with the
mask loss. The steps take turns in one process for the times; each has a process of its own for the peak
memory, from which that of a process which has built the network and has not trained is taken off. float16 is left out:
a CPU only emulates it, and a step takes minutes.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import subprocess
import sys
from collections.abc import Callable

import keras
import tensorflow as tf
from tqdm import tqdm

from benchmarks.measure import alternating_seconds, peak_gigabytes, where
from wsfcn_tf.config import ModelConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.models import build_model
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.weights.precision import precision

_VARIANTS = {
    "plain": {},
    "training.accumulation_steps=4": {"accumulation_steps": 4},
    "model.rematerialise=true": {"rematerialise": True},
    "training.xla=true": {"xla": True},
    "training.precision=bfloat16": {"precision_name": "bfloat16"},
}
_BATCH, _SIDE, _CLASSES, _ROUNDS = 4, 129, 20, 3
_NOT_TRAINED = "not trained"


def _step(
    accumulation_steps: int = 1, rematerialise: bool = False, xla: bool = False, precision_name: str = "float32"
) -> Callable[[], object]:
    keras.utils.set_random_seed(0)
    with precision(precision_name):
        model = build_model(
            ModelConfig(
                width=0.5,
                decoder_width=128,
                dilations=(1, 2, 4, 6),
                num_classes=_CLASSES,
                rematerialise=rematerialise,
            )
        )
    optimizer = build_optimizer(model, TrainingConfig(precision=precision_name))
    objective = Objective(SelfSupervisionConfig(), max_tags=2)
    model.compile(optimizer, objective, accumulation_steps=accumulation_steps, xla=xla)
    images = tf.random.stateless_normal([_BATCH, _SIDE, _SIDE, 3], [0, 1])
    tags = tf.one_hot(tf.range(_BATCH), _CLASSES)
    step = tf.function(lambda: model.update(images, tags, True))
    return lambda: step()["loss"].numpy()


def _peak(name: str) -> float:
    """Of a process of its own, in GB."""
    command = [sys.executable, "-m", "benchmarks.training_knobs", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def main() -> None:
    """Prints a table, or the peak memory of one of its rows."""
    if len(sys.argv) > 1:
        step = _step(**_VARIANTS.get(sys.argv[1], {}))
        if sys.argv[1] != _NOT_TRAINED:
            step(), step()
        print(peak_gigabytes())
        return
    base = _peak(_NOT_TRAINED)
    memory = {name: _peak(name) - base for name in tqdm(_VARIANTS)}
    seconds = alternating_seconds({name: _step(**_VARIANTS[name]) for name in tqdm(_VARIANTS)}, _ROUNDS)
    print(f"{where()}; plain: {seconds['plain']:.1f} s\n")
    print("| | time of a step, ratio | peak memory of training, GB | ratio |\n|---|---:|---:|---:|")
    for name in _VARIANTS:
        time, used = seconds[name] / seconds["plain"], memory[name]
        print(f"| {name} | {time:.2f} | {used:.2f} | {used / memory['plain']:.2f} |")


if __name__ == "__main__":
    main()
