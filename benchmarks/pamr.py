"""PAMR against the release's formulation, both in TensorFlow, and with the tagged channels only.

Run `python -m benchmarks.pamr`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from benchmarks.measure import alternating_seconds, where
from tests.oracles.pamr import pamr_reference
from wsfcn_tf.ops import pamr, pamr_tagged

_SHAPES = ((4, 81, 81, 21), (1, 321, 321, 21))
_TAGS, _MAX_TAGS = (2, 14), 3


def main() -> None:
    """Measures and prints."""
    print(f"{where()}\n\n10 iterations, 48 neighbours; median of 7, milliseconds\n")
    print("| B x H x W x channels | release | ours | ratio | ours, 2 tags of at most 3 | ratio | largest difference |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for shape in _SHAPES:
        print(f"| {' x '.join(map(str, shape))} | {' | '.join(_measure(shape))} |", flush=True)


def _measure(shape: tuple[int, int, int, int]) -> list[str]:
    """The cells of a shape's line."""
    random = np.random.default_rng(0)
    images = tf.constant(random.random((*shape[:3], 3)), tf.float32)
    masks = tf.nn.softmax(tf.constant(random.standard_normal(shape) * 3, tf.float32))
    tags = tf.reduce_sum(tf.one_hot([_TAGS] * shape[0], shape[3] - 1), axis=1)
    release = tf.function(pamr_reference)
    functions = {
        "release": lambda: release(images, masks).numpy(),
        "ours": lambda: pamr(images, masks).numpy(),
        "tagged": lambda: pamr_tagged(images, masks, tags, _MAX_TAGS).numpy(),
    }
    difference = np.abs(functions["release"]() - functions["ours"]()).max()
    assert difference < 1e-5, difference
    ms = {name: 1e3 * seconds for name, seconds in alternating_seconds(functions, rounds=7).items()}
    return [
        f"{ms['release']:.0f}",
        f"{ms['ours']:.0f}",
        f"{ms['release'] / ms['ours']:.1f}",
        f"{ms['tagged']:.0f}",
        f"{ms['release'] / ms['tagged']:.1f}",
        f"{difference:.1e}",
    ]


if __name__ == "__main__":
    main()
