"""A batch in parts, by a network of two convolutions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import graph, noise

from wsfcn_tf.config import ModelConfig, TrainingConfig
from wsfcn_tf.models.layers import SeededDropout, batch_norm, conv
from wsfcn_tf.models.network import Network
from wsfcn_tf.training import build_optimizer

IMAGES, TAGS = noise(6, 5, 5, 3), np.float32(np.eye(6, 2) + 1)


class Tiny(Network):
    """A backbone convolution, frozen statistics, dropout, and scores."""

    def __init__(self, dropout):
        super().__init__(ModelConfig(num_classes=2))
        self.backbone, self.norm, self.head = conv(4, 3), batch_norm(), conv(2, 1, use_bias=True)
        self.dropout = SeededDropout(dropout, name="dropout")
        self.backbone.build((None, None, None, 3))
        self.norm.build((None, None, None, 4))
        self.head.build((None, None, None, 4))
        self.built = True

    def call(self, images, training, seed=None):
        features = tf.nn.relu(self.norm(self.backbone(images), training=False))
        features = self.dropout(features, training=training, seed=seed)
        return tf.reduce_mean(self.head(features), axis=[1, 2])


class SquaredError:
    names = ("loss", "twice")

    def __call__(self, images, tags, scores, self_supervision, step):
        loss = tf.reduce_mean((scores - tags) ** 2, axis=1)
        return {"loss": loss, "twice": 2 * loss}


def trained(parts, steps=5, dropout=0.0, function=graph, **settings):
    """The weights, the optimiser's state and the values of some steps."""
    keras.utils.set_random_seed(0)
    model = Tiny(dropout)
    optimizer = build_optimizer(model, TrainingConfig(learning_rate=0.01, weight_decay=0.1))
    model.compile(optimizer, SquaredError(), accumulation_steps=parts, **settings)
    step = function(lambda: model.update(tf.constant(IMAGES), tf.constant(TAGS), False))
    values = [step() for _ in range(steps)]
    assert int(tf.convert_to_tensor(optimizer.iterations)) == steps  # a step is a batch, not a part
    momenta = optimizer.variables() if callable(optimizer.variables) else optimizer.variables
    return [*model.get_weights(), *map(np.asarray, momenta)], values


@pytest.mark.parametrize("parts", [2, 3, 6])
@pytest.mark.parametrize("function", [lambda f: f, graph], ids=["eager", "graph"])
def test_parts_equal_the_batch(parts, function):
    whole, values = trained(1)
    split, part_values = trained(parts, function=function)
    for one, other in zip(whole, split, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-5 * max(np.abs(one).max(), 1e-2))
    for one, other in zip(values, part_values, strict=True):
        assert one.keys() == other.keys() == {"loss", "twice"}
        for name in one:
            np.testing.assert_allclose(other[name], one[name], rtol=1e-5)  # per image, in their order


@pytest.mark.parametrize("parts", [1, 2])
def test_compiled_by_xla_they_are_the_same(parts):
    for one, other in zip(trained(parts)[0], trained(parts, xla=True)[0], strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-5 * max(np.abs(one).max(), 1e-2))


def test_each_part_draws_by_itself_and_the_same_again():
    one, other = trained(2, steps=1, dropout=0.5), trained(2, steps=1, dropout=0.5)
    np.testing.assert_array_equal(one[1][0]["loss"], other[1][0]["loss"])
    assert (trained(1, steps=1, dropout=0.5)[1][0]["loss"] != one[1][0]["loss"]).numpy().any()


def test_parts_that_do_not_fit():
    with pytest.raises(ValueError, match="a batch of 6 cannot be split into 4 equal parts"):
        trained(4)
