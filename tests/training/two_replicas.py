"""Trains the small network for two steps, once on one replica and once on two, and writes both results.

    python two_replicas.py OUTPUT.npz

The decoder's BatchNorms take the statistics of a replica's own share of the batch, which are not the whole batch's:
they are frozen here. Dropout and gate draw per replica: they are off. All else must agree, the weight decay included,
which is large here so that counting it once per replica would show.
"""

import itertools
import sys

import keras
import numpy as np
import tensorflow as tf
from networks import gentle, noise, small_network

from wsfcn_tf.config import DataConfig, ExperimentConfig, ScenesConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.data.bad_photos import BadPhotos
from wsfcn_tf.data.pipeline import training_batches
from wsfcn_tf.data.scenes import Scenes
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.training.checkpoints import Position
from wsfcn_tf.training.trainer import compile_step, distributed_batches

(CPU,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 2)  # before all else

TAGS = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0]] * 2)
BATCHES = tf.data.Dataset.from_tensor_slices((noise(8, 24, 24, 3), TAGS)).batch(4)
SUPERVISION = SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0)
TRAINING = TrainingConfig(weight_decay=1.0)
SCENES = Scenes(ScenesConfig(train=10, size=32))
STREAM = ExperimentConfig(
    data=DataConfig(format="scenes", crop_size=24), training=TrainingConfig(epochs=2, batch_size=4)
)


def network():
    model = gentle(small_network(dropout=False, gate_psi=0.0))
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(build_optimizer(model, TRAINING), Objective(SUPERVISION, max_tags=2))
    return model


def on_one_replica():
    """The results of two plain steps: {name: array}."""
    model = network()
    steps = [model.update(images, tags, True) for images, tags in BATCHES]
    photos = training_batches(SCENES, SCENES.names("train"), STREAM.data, batch_size=4, seed=0, first_step=1, epochs=2)
    return results(model, steps) | {"photos": np.stack([images for images, _, _ in photos])}


def on_two_replicas():
    """The same of two steps as training compiles them."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    with strategy.scope():
        model = network()
    step = compile_step(strategy, model)
    steps = [step(images, tags, True) for images, tags in strategy.experimental_distribute_dataset(BATCHES)]
    start = Position(epochs=0, steps=1)
    photos = distributed_batches(strategy, STREAM, SCENES, SCENES.names("train"), start, BadPhotos())
    stacked = [strategy.gather(images, axis=0) for images, _, _ in itertools.islice(photos, 3)]
    return results(model, steps) | {"photos": np.stack(stacked)}


def results(model, steps):
    values = {name: np.stack([np.asarray(value[name]) for value in steps]) for name in Objective.names}
    return values | {f"weight {index}": weight for index, weight in enumerate(model.get_weights())}


def main(output):
    np.savez(
        output,
        **{f"one/{name}": value for name, value in on_one_replica().items()},
        **{f"two/{name}": value for name, value in on_two_replicas().items()},
    )


if __name__ == "__main__":
    main(sys.argv[1])
