"""Trains the smallest network for some steps, once on one replica and once on two, and writes both results.

    python two_replicas.py OUTPUT.npz [fixed] [masks] [sync] [fit]

Dropout and gate draw per replica: they are off where replicas are compared. All else must agree, the weight decay
included, which is large here so that counting it once per replica would show.

    one/fixed, two/fixed      with the decoder's BatchNorms fixed
    one/masks, two/masks      likewise, with masks, whole, in part and none, that are trusted in part
    one/sync, two/sync        with them synchronised
    two/fit                   `fit` on two replicas, with them fixed
    one/photos, two/photos    the photos of an epoch's rest
    one/adamw, two/adamw      variables after steps of AdamW with a loss scale, one of which overflows
    two/random                features after a dropout, on each replica, of the same input
"""

import itertools
import sys

import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, noise, smallest_network, with_few_weights

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import (
    DataConfig,
    ExperimentConfig,
    ModelConfig,
    ScenesConfig,
    SelfSupervisionConfig,
    TrainingConfig,
)
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.data.pipeline import training_batches
from wsfcn_tf.models.layers import SeededDropout
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.training.distribution import distributed_batches
from wsfcn_tf.training.grouped_optimizers import GroupedAdamW
from wsfcn_tf.training.loop import compile_step

with_few_weights(pytest.MonkeyPatch())
(CPU,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 2)  # before all else

STEPS = 4
TAGS = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0]] * STEPS)
BATCHES = tf.data.Dataset.from_tensor_slices((noise(4 * STEPS, 24, 24, 3), TAGS)).batch(4)
MASKS = np.where(
    np.arange(24)[:, None] < 24 * np.arange(4)[:, None, None] // 3, TAGS[:4].argmax(1)[:, None, None] + 1, 255
)
MASKS = np.broadcast_to(np.tile(MASKS, (STEPS, 1, 1)), (4 * STEPS, 24, 24)).astype(np.uint8)
TRUST = np.clip(noise(4 * STEPS, 24, 24, seed=1), -1, 1)
Y = {"tags": TAGS, "masks": MASKS, "trust": TRUST}
MASKED = tf.data.Dataset.from_tensor_slices((noise(4 * STEPS, 24, 24, 3), Y)).batch(4)
SUPERVISION = SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0)
TRAINING = TrainingConfig(learning_rate=1e-6, weight_decay=3.0)  # so low that rounding does not grow between steps
SCENES = Scenes(ScenesConfig(train=10, size=32))
STREAM = ExperimentConfig(
    data=DataConfig(format="scenes", crop_size=24), training=TrainingConfig(epochs=2, batch_size=4)
)


def network(learns_masks=False, **settings):
    model = gentle(smallest_network(dropout=False, gate_psi=0.0, **settings))
    objective = Objective(SUPERVISION, max_tags=2, learns_masks=learns_masks)
    model.compile(build_optimizer(model, TRAINING), objective, pretrain_epochs=0)
    return model


FIXED = {"decoder_norm": "fixed"}
NETWORKS = {"fixed": FIXED, "masks": {"learns_masks": True, **FIXED}, "sync": {"synchronise_norm": True}}


def batches_of(kind):
    return MASKED if kind == "masks" else BATCHES


def on_one_replica(kinds):
    """The results of plain steps: {name: array}."""
    found = {}
    for kind in NETWORKS.keys() & set(kinds):
        model = network(**NETWORKS[kind])
        before, step = model.get_weights(), tf.function(model.update, autograph=False)
        pairs = ((images, y if kind == "masks" else {"tags": y}) for images, y in batches_of(kind))
        found |= results(kind, before, model, [step(images, self_supervision=True, **y) for images, y in pairs])
    photos = training_batches(SCENES, SCENES.names("train"), STREAM.data, batch_size=4, seed=0, first_step=1, epochs=2)
    photos = np.stack([images for images, _, _ in photos])
    return found | {"photos": photos, "adamw": adamw(tf.distribute.get_strategy())}


def on_two_replicas(kinds):
    """The same of steps as training compiles them, and of `fit`."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    found = {}
    for kind in NETWORKS.keys() & set(kinds):
        with strategy.scope():
            model = network(**NETWORKS[kind])
        before, step = model.get_weights(), compile_step(strategy, model)
        batches = strategy.experimental_distribute_dataset(batches_of(kind))
        found |= results(kind, before, model, [step(images, y, True) for images, y in batches])
    if "fit" in kinds:
        with strategy.scope():
            model = network(**NETWORKS["fixed"])
        before = model.get_weights()
        history = model.fit(BATCHES, shuffle=False, verbose=0).history
        found |= {f"fit/{name}": np.asarray(history[name]) for name in Objective.names} | changes("fit", before, model)

    start = TrainingState(epoch=0, step=1)
    photos = distributed_batches(strategy, STREAM, SCENES, SCENES.names("train"), start, BadPhotos())
    stacked = [strategy.gather(images, axis=0) for images, _, _ in itertools.islice(photos, 3)]
    return found | {"photos": np.stack(stacked), "random": random_features(strategy), "adamw": adamw(strategy)}


def random_features(strategy):
    """What the dropout that the seed of `update` fixes leaves of ones, on each replica: [2, 64]."""
    with strategy.scope():
        model = build_tiny(ModelConfig(num_classes=3))
        model.compile(build_optimizer(model, TRAINING), Objective(SUPERVISION, max_tags=2))
        layer = SeededDropout(0.5, name="dropout")
    model.differentiate = lambda images, tags, seed, step, switch: (
        {"kept": layer(tf.ones([1, 64]), training=True, seed=seed)},
        [tf.zeros(variable.shape) for variable in model.trainable_variables],
    )
    images, tags = next(iter(strategy.experimental_distribute_dataset(BATCHES)))
    return compile_step(strategy, model)(images, tags, True)["kept"].numpy()


def adamw(strategy):
    """Three variables after each of some steps, to which the replicas contribute unequally: [steps, 3, 5]."""
    with strategy.scope():
        variables = [tf.Variable(value) for value in noise(3, 5)]
        optimizer = GroupedAdamW(0.1, 0.9, [1.0, 2.0, 20.0], [0.0, 0.5, 0.1], loss_scaling=True)
        optimizer.build(variables)

    def apply(gradients):
        context = tf.distribute.get_replica_context()
        number, count = context.replica_id_in_sync_group, context.num_replicas_in_sync
        share = (tf.cast(number, tf.float32) + 1) * 2 / (count * (count + 1))
        optimizer.apply_gradients(zip(tf.unstack(share * gradients), variables))

    @tf.function(autograph=False)
    def step(gradients):
        strategy.run(apply, args=(gradients,))

    after = []
    for gradients in (noise(3, 5) * 2**15, noise(3, 5) * np.inf, noise(3, 5)[::-1] * 2**12):
        step(tf.constant(gradients))
        after.append(np.stack([tf.convert_to_tensor(variable) for variable in variables]))
    return np.stack(after)


def results(kind, before, model, steps):
    values = {f"{kind}/{name}": np.stack([np.asarray(value[name]) for value in steps]) for name in Objective.names}
    return values | changes(kind, before, model)


def changes(kind, before, model):
    """What the training has added to each weight."""
    both = zip(before, model.get_weights(), strict=True)
    return {f"{kind}/change {index}": new - old for index, (old, new) in enumerate(both)}


def main(output, *kinds):
    np.savez(
        output,
        **{f"one/{name}": value for name, value in on_one_replica(kinds).items()},
        **{f"two/{name}": value for name, value in on_two_replicas(kinds).items()},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
