"""The strip convolution, tap by tap, against Keras' dilated convolution, at the sizes of the release's FCA.

Run `python -m benchmarks.strip_conv`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.measure import alternating_seconds, where
from wsfcn_tf.models.context.strip_conv import StripConv

_SIDE, _INPUT, _FILTERS = 41, 4096, 256


def main() -> None:
    """Measures and prints."""
    features = tf.constant(np.random.default_rng(0).standard_normal((1, _SIDE, _SIDE, _INPUT)), tf.float32)
    print(f"{where()}\n\n1x{_SIDE}x{_SIDE}x{_INPUT} -> {_FILTERS}, k x 1, median of 5, milliseconds\n")
    print("| k | dilation | | Keras Conv2D | StripConv | ratio |\n|---:|---:|---|---:|---:|---:|")
    for taps, dilation in ((3, 12), (5, 24), (7, 36)):
        plain = keras.layers.Conv2D(_FILTERS, (taps, 1), dilation_rate=(dilation, 1), padding="same", use_bias=False)
        strip = StripConv(_FILTERS, taps, dilation, vertical=True)
        for layer in (plain, strip):
            layer.build(features.shape)
        strip.kernel.assign(plain.kernel)
        difference = tf.reduce_max(tf.abs(plain(features) - strip(features))) / tf.reduce_max(tf.abs(plain(features)))
        assert difference < 1e-5, difference
        for what, function in (("forward", _forward), ("forward and gradients", _gradients)):
            seconds = alternating_seconds(
                {"plain": function(plain, features), "strip": function(strip, features)}, rounds=5
            )
            plain_ms, strip_ms = seconds["plain"] * 1e3, seconds["strip"] * 1e3
            print(f"| {taps} | {dilation} | {what} | {plain_ms:.1f} | {strip_ms:.1f} | {plain_ms / strip_ms:.1f} |")


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
