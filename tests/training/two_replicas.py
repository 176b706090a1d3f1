"""Trains the small network for two steps, once without a strategy and once on two replicas, and writes both results.

    python two_replicas.py OUTPUT.npz

The decoder's BatchNorms take the statistics of a replica's own share of the batch, which are not the whole batch's: they
are frozen here. Dropout and gate draw per replica: they are off. All else must agree, the weight decay included, which is
large here so that counting it once per replica would show.
"""

import sys

import keras
import numpy as np
import tensorflow as tf
from networks import noise, small_network

from wsfcn_tf.config import SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.training.trainer import compile_step

IMAGES = noise(8, 24, 24, 3)
TAGS = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0]] * 2)
SUPERVISION = SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0)
TRAINING = TrainingConfig(weight_decay=1.0)


def network():
    model = small_network(dropout=False, gate_psi=0.0)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(build_optimizer(model, TRAINING), Objective(SUPERVISION, max_tags=2))
    return model


def train(strategy):
    """{name: array} of both steps' values, and of the weights after them."""
    with strategy.scope():
        model = network()
    step = compile_step(strategy, model)
    batches = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices((IMAGES, TAGS)).batch(4))
    steps = [step(images, tags, True) for images, tags in batches]
    values = {name: np.stack([np.asarray(value[name]) for value in steps]) for name in Objective.names}
    return values | {f"weight {index}": weight for index, weight in enumerate(model.get_weights())}


def main(output):
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    one = train(tf.distribute.get_strategy())
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    two = train(strategy)
    np.savez(output, **{f"one/{name}": a for name, a in one.items()}, **{f"two/{name}": a for name, a in two.items()})


if __name__ == "__main__":
    main(sys.argv[1])
