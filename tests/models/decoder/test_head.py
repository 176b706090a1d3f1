import numpy as np
import tensorflow as tf
from networks import noise, randomise

from wsfcn_tf.models.decoder.head import Head


def test_two_blocks_and_a_classifier_per_pixel():
    head, inputs = Head(8, 3), noise(2, 6, 5, 4)
    head(inputs, training=False)
    randomise(head)
    features = np.asarray(head.block2(head.block1(inputs, training=False), training=False))
    expected = features @ np.asarray(head.classifier.kernel)[0, 0] + np.asarray(head.classifier.bias)
    np.testing.assert_allclose(head(inputs, training=False), expected, atol=1e-5)


def test_classifier_s_bias_starts_in_torch_s_interval():
    head = Head(16, 4000)
    head.build((None, None, None, 4))
    bias = np.asarray(head.classifier.bias)
    assert 0.24 < bias.max() <= 0.25 and -0.25 <= bias.min() < -0.24


def test_dropout_can_be_switched_off():
    inputs, seed = noise(1, 5, 5, 4), tf.constant([1, 2])
    for dropout in (True, False):
        head = Head(16, 3, dropout)
        draws = [head(inputs, training=True, seed=seed + step) for step in range(2)]
        assert np.array_equal(*draws) is not dropout
