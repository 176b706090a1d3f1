"""What EfficientNet-Lite0's output strides cost: one training step of WS-FCN, and the dilated depthwise convolutions.

Run `python -m benchmarks.output_stride`. Networks and layers take turns in one process; the settings are those of
configs/photos_small.yaml. An output stride below 32 leaves strides out and dilates what follows, to keep its reach.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable
from dataclasses import replace

import keras
import tensorflow as tf

from benchmarks.measure import alternating_seconds, where
from wsfcn_tf.config.reading import load_config
from wsfcn_tf.models import build_model
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.weights.precision import fastest_precision, precision

_CONFIG = "configs/photos_small.yaml"
_STRIDES = (32, 16, 8)
_MAX_TAGS, _CLASSES, _ROUNDS = 3, 14, 5


def main() -> None:
    """Prints two tables."""
    config = load_config(_CONFIG, [f"training.precision={fastest_precision()}"])
    print(f"{where()}, {config.training.precision}\n")
    steps = {f"{stride}": _step(config, stride) for stride in _STRIDES}
    seconds = alternating_seconds(steps, _ROUNDS)
    print("| output stride | map of a 224-pixel crop | s a step of 16 | ratio to 16 |\n|---:|---:|---:|---:|")
    for stride, value in seconds.items():
        print(f"| {stride} | {224 // int(stride)} | {value:.2f} | {value / seconds['16']:.2f} |")

    layers = {"undilated": _depthwise(1), "dilation 2": _depthwise(2)}
    seconds = alternating_seconds(layers, 4 * _ROUNDS)
    print("\n| 16x14x14x1152, depthwise 5x5 | ms forward and gradients |\n|---|---:|")
    for name, value in seconds.items():
        print(f"| {name} | {1000 * value:.0f} |")


def _step(config, stride: int) -> Callable[[], object]:
    side = config.data.crop_size
    with precision(config.training.precision):
        model = build_model(replace(config.model, output_stride=stride, num_classes=_CLASSES))
        optimizer = build_optimizer(model, replace(config.training, cooldown_epochs=0))
        model.compile(optimizer, Objective(config.self_supervision, _MAX_TAGS))
    images = tf.random.normal([config.training.batch_size, side, side, 3])
    tags = tf.one_hot(tf.range(config.training.batch_size) % _CLASSES, _CLASSES)
    step = tf.function(lambda: model.update(images, tags, True))
    return lambda: step()["loss"].numpy()


def _depthwise(dilation: int) -> Callable[[], object]:
    features = tf.random.normal([16, 14, 14, 1152])
    layer = keras.layers.DepthwiseConv2D(5, padding="same", dilation_rate=dilation, use_bias=False)
    layer.build(features.shape)

    @tf.function
    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(features)
            total = tf.reduce_sum(layer(features) ** 2)
        return tape.gradient(total, [features, *layer.trainable_variables])

    return lambda: gradients()[0].numpy()


if __name__ == "__main__":
    main()
