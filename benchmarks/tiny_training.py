"""`python -m wsfcn_tf` with a network of three convolutions: whole trainings in seconds, to be killed.

    python -m benchmarks.tiny_training [--nan-at-step N] [--hold-at-step N --until FILE] [--clock-goes-back]
        train --output RUN --config FILE ...

It has all that makes resuming hard: BatchNorm's statistics, momentum, dropout, the loss switch.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from wsfcn_tf.__main__ import main
from wsfcn_tf.config import ModelConfig
from wsfcn_tf.files import write_text
from wsfcn_tf.models import Network
from wsfcn_tf.models.decoder.head import Head
from wsfcn_tf.models.decoder.pooling import GlobalWeightedPooling
from wsfcn_tf.models.layers import ConvNormReLU
from wsfcn_tf.ops import resize_align_corners
from wsfcn_tf.training import loop, trainer
from wsfcn_tf.weights import trained

_WIDTH = 16
CONFIG = """\
model: {from_scratch: true}
data:
  format: scenes
  crop_size: 16
  scenes: {train: 22, val: 6, size: 32}
self_supervision: {pamr_iterations: 1, pamr_dilations: [1, 2]}
training:
  epochs: EPOCHS
  pretrain_epochs: 2
  batch_size: 4
  learning_rate: 0.01
  checkpoint_every: 1
  panels: 0
  validate_every: 1
  select: map
"""


class TinyNetwork(Network):
    """One convolution at stride 4, and the segmentation head."""

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        self.backbone = ConvNormReLU(_WIDTH, 3, name="backbone")
        self.head = Head(_WIDTH, config.num_classes, config.dropout, name="head")
        self.pooling = GlobalWeightedPooling(name="pooling", dtype="float32")

    def build(self, input_shape: tuple) -> None:
        """Creates every variable."""
        self.backbone.build(input_shape)
        self.head.build((None, None, None, _WIDTH))
        self.built = True

    def call(self, images: tf.Tensor, training: bool = False, seed: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """As `WSFCN.call`."""
        features = self.backbone(tf.nn.avg_pool2d(images, 4, 4, "SAME"), training=training)
        foreground = tf.cast(self.head(features, training=training, seed=seed), tf.float32)
        logits = tf.concat([tf.ones_like(foreground[..., :1]), foreground], axis=-1)
        masks = tf.nn.softmax(logits)
        full = resize_align_corners(masks, tf.shape(images)[1:3])
        return {"logits": logits, "scores": self.pooling([logits, masks]), "masks": full}


def build_tiny(config: ModelConfig) -> TinyNetwork:
    """As `build_model`."""
    model = TinyNetwork(config, name="tiny")
    model.build((None, None, None, 3))
    return model


def write_config(path: str, epochs: int) -> None:
    """Writes the config of a run of so many epochs of five steps."""
    write_text(path, CONFIG.replace("EPOCHS", str(epochs)))


def before_step(number: int, change: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """Has the images of this process' `number`-th step go through `change` first."""
    compile_step = loop.compile_step

    def compile_changed_step(*arguments: Any) -> Any:
        step, calls = compile_step(*arguments), itertools.count(1)
        return lambda images, *rest: step(change(images) if next(calls) == number else images, *rest)

    loop.compile_step = compile_changed_step


def with_nan(images: tf.Tensor) -> tf.Tensor:
    """The images, one number of which is NaN."""
    values = images.numpy()
    values[1, 0, 0, 0] = np.nan
    return tf.constant(values)


def hold(until: Path, images: tf.Tensor) -> tf.Tensor:
    """The images, as soon as a file is there: so long, the process can be killed and cannot end by itself."""
    while not until.exists():
        time.sleep(0.005)
    return images


def turn_clock_back() -> None:
    """Lets the clock on the wall jump back an hour each time that it is asked."""
    now, asked = time.time(), iter(range(1, 1 << 30))
    time.time = lambda: now - 3600.0 * next(asked)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--nan-at-step", type=int)
    parser.add_argument("--hold-at-step", type=int)
    parser.add_argument("--until", type=Path)
    parser.add_argument("--clock-goes-back", action="store_true")
    options, command = parser.parse_known_args()
    trainer.build_model = trained.build_model = build_tiny
    if options.nan_at_step:
        before_step(options.nan_at_step, with_nan)
    if options.hold_at_step:
        before_step(options.hold_at_step, partial(hold, options.until))
    if options.clock_goes_back:
        turn_clock_back()
    sys.exit(main(command))
