"""The contexts' convolution, tap by tap, against Keras' dilated one, at the sizes of the releases' FCA and ASPP.

Run `python -m benchmarks.tap_conv`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.measure import alternating_seconds, where
from wsfcn_tf.models.context.tap_conv import TapConv

_SIDE, _INPUT, _FILTERS = 41, 4096, 256


def main() -> None:
    """Measures and prints."""
    features = tf.constant(np.random.default_rng(0).standard_normal((1, _SIDE, _SIDE, _INPUT)), tf.float32)
    print(f"{where()}\n\n1x{_SIDE}x{_SIDE}x{_INPUT} -> {_FILTERS}, median of 5, milliseconds\n")
    print("| kernel | dilation | | Keras Conv2D | TapConv | ratio |\n|---|---:|---|---:|---:|---:|")
    for sides, dilation in (((3, 1), 12), ((5, 1), 24), ((7, 1), 36), ((3, 3), 12), ((3, 3), 24), ((3, 3), 36)):
        dilations = tuple(dilation if side > 1 else 1 for side in sides)
        plain = keras.layers.Conv2D(_FILTERS, sides, dilation_rate=dilations, padding="same", use_bias=False)
        taps = TapConv(_FILTERS, sides, dilation)
        for layer in (plain, taps):
            layer.build(features.shape)
        taps.kernel.assign(plain.kernel)
        difference = tf.reduce_max(tf.abs(plain(features) - taps(features))) / tf.reduce_max(tf.abs(plain(features)))
        assert difference < 1e-5, difference
        for what, function in (("forward", _forward), ("forward and gradients", _gradients)):
            seconds = alternating_seconds(
                {"plain": function(plain, features), "taps": function(taps, features)}, rounds=5
            )
            plain_ms, taps_ms = seconds["plain"] * 1e3, seconds["taps"] * 1e3
            row = f"{sides[0]}x{sides[1]} | {dilation} | {what} | {plain_ms:.1f} | {taps_ms:.1f}"
            print(f"| {row} | {plain_ms / taps_ms:.1f} |")


def _forward(layer: keras.layers.Layer, features: tf.Tensor):
    compiled = tf.function(lambda: layer(features))
    return lambda: compiled().numpy()


def _gradients(layer: keras.layers.Layer, features: tf.Tensor):
    @tf.function
    def compiled() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(features)
            loss = tf.reduce_sum(tf.square(layer(features)))
        return tape.gradient(loss, [features, *layer.trainable_variables])

    return lambda: [gradient.numpy() for gradient in compiled()]


if __name__ == "__main__":
    main()
