import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.background import apply_rules, sigmoid
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.ops.normalise import normalise


class FakeNetwork(keras.Model):
    """Two classes whose masks are the colour channels; counts how often it is traced."""

    def __init__(self):
        super().__init__()
        self.convolution = keras.layers.Conv2D(
            3, 1, use_bias=False, kernel_initializer=tf.constant_initializer(np.eye(3))
        )
        self.traces = 0

    def call(self, images, training=None):
        assert training is False
        self.traces += 1
        masks = tf.nn.softmax(self.convolution(images))
        return {"masks": masks, "scores": tf.reduce_mean(images, axis=(1, 2))[:, 1:]}


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_prediction_follows_the_rules():
    config = InferenceConfig(background="power", background_value=2.0, presence_threshold=0.5)
    image = photo(5, 8)
    prediction = Predictor(FakeNetwork(), config)(image)

    pixels = np.asarray(normalise(tf.constant(image, tf.float32) / 255.0))
    softmax = np.exp(pixels) / np.exp(pixels).sum(-1, keepdims=True)
    scores = pixels.mean((0, 1))[1:]
    expected = apply_rules(softmax, scores, config)
    np.testing.assert_allclose(prediction.masks, expected, atol=1e-6)
    np.testing.assert_allclose(prediction.scores, sigmoid(scores), atol=1e-6)
    np.testing.assert_array_equal(prediction.labels, prediction.masks.argmax(-1))
    assert (prediction.labels.dtype, prediction.masks.dtype, prediction.scores.dtype) == ("uint8", "float32", "float32")


def test_new_sizes_do_not_trace_again():
    network = FakeNetwork()
    network(tf.zeros([1, 4, 4, 3]), training=False)
    predictor = Predictor(network, InferenceConfig())
    predictor(photo(6, 6))
    traced = network.traces
    for size in [(7, 9), (1, 1), (13, 4)]:
        assert predictor(photo(*size)).labels.shape == size
    assert network.traces == traced
