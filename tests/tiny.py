"""A network of one convolution, with the outputs of the real ones: what is around a network is tested in seconds."""

import keras
import numpy as np
import tensorflow as tf

NAMES = ("cat", "dog", "sheep")


class TinyNetwork:
    """Called as the networks are; masks follow the colours of the photo."""

    def __init__(self) -> None:
        kernel = np.random.default_rng(1).standard_normal((3, 3, 3, len(NAMES))).astype(np.float32)
        self.variables = [tf.Variable(0.3 * kernel)]

    def __call__(self, images, training):
        assert training is False
        return _outputs(tf.nn.conv2d(images, self.variables[0], 1, "SAME"))


class TinyKerasNetwork(keras.Model):
    """The same as a Keras model: its layer computes in what the policy says, its outputs are float32."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.convolution = keras.layers.Conv2D(len(NAMES), 3, padding="same", use_bias=False)
        self(np.zeros((1, 8, 8, 3), np.float32), training=False)
        self.convolution.kernel.assign(tf.cast(TinyNetwork().variables[0], self.convolution.kernel.dtype))

    def call(self, images, training):
        return _outputs(tf.cast(self.convolution(images), tf.float32))


def _outputs(foreground):
    logits = tf.concat([tf.ones_like(foreground[..., :1]), foreground], axis=-1)
    scores = tf.reduce_max(foreground, axis=[1, 2]) - [0.0, 1.0, 8.0]
    return {"logits": logits, "masks": tf.nn.softmax(logits), "scores": scores}
