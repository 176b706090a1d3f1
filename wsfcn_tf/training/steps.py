"""The compiled step, the batches it is fed with, and what has to hold for both."""

from collections.abc import Iterator, Sequence

import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.data.pipeline import training_batches
from wsfcn_tf.errors import UserError
from wsfcn_tf.models import Network
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.checkpoints import Position


def compile_step(strategy: tf.distribute.Strategy, model: Network) -> tf.types.experimental.PolymorphicFunction:
    """The compiled step: (images, tags, self_supervision) -> {name: [global batch]}, per-image values."""

    @tf.function
    def step(images: tf.Tensor, tags: tf.Tensor, self_supervision: bool) -> dict[str, tf.Tensor]:
        values = strategy.run(model.update, args=(images, tags, self_supervision))
        return {name: strategy.gather(value, axis=0) for name, value in values.items()}

    return step


def check_devices(strategy: tf.distribute.Strategy, batch_size: int, accumulation_steps: int) -> None:
    """Raises UserError if a batch cannot be shared evenly among the devices, and each share among its parts."""
    devices = strategy.num_replicas_in_sync
    if batch_size % devices:
        raise UserError(f"training.batch_size is {batch_size}: make it a multiple of the {devices} devices")
    if batch_size // devices % accumulation_steps:
        raise UserError(
            f"training.batch_size is {batch_size}: each of {devices} devices gets {batch_size // devices}, "
            f"which training.accumulation_steps {accumulation_steps} must divide"
        )


def check_steps(run: RunFolder, steps: int) -> None:
    """Raises UserError if the last checkpoint is within an epoch and that has too few `steps` by now to go on there."""
    last = run.latest_checkpoint()
    if last and last.steps > steps:
        raise UserError(
            f"{last.folder}: was saved after {last.steps} steps of an epoch that now has {steps}, because there are "
            "fewer photos; delete this folder to resume from the checkpoint before"
        )


def distributed_batches(
    strategy: tf.distribute.Strategy,
    config: ExperimentConfig,
    dataset: Dataset,
    names: Sequence[str],
    start: Position,
    bad_photos: BadPhotos,
) -> Iterator:
    """`training_batches` from a position to the run's end, for all devices; each host loads its own photos only.

    Photos and steps belong together in the same way on any number of hosts and devices. The strategy asks for one
    pipeline per host, says which part is that host's (`InputContext`), and deals its batches to the host's devices.
    """

    def batches(context: tf.distribute.InputContext) -> tf.data.Dataset:
        return training_batches(
            dataset,
            names,
            config.data,
            batch_size=config.training.batch_size,
            seed=config.training.seed,
            first_epoch=start.epochs,
            first_step=start.steps,
            epochs=config.training.epochs - start.epochs,
            shard=(context.input_pipeline_id, context.num_input_pipelines),
            devices=context.num_replicas_in_sync // context.num_input_pipelines,
            bad_photos=bad_photos,
        )

    return iter(strategy.distribute_datasets_from_function(batches))
