"""The processes that train together: all devices of one, or several processes that `TF_CONFIG` names.

Every process ("worker") runs the same steps on its part of each batch. One of them, the chief, writes the run's folder;
the others write what they have to write at the same time, since reading some variables is a matter of all, to a
temporary folder that nobody keeps.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.data.pipeline import training_batches
from wsfcn_tf.data.training_masks.training_masks import TrainingMasks
from wsfcn_tf.errors import LostWorker, UserError
from wsfcn_tf.files import write_text
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.folder import RunFolder


def open_strategy() -> tf.distribute.Strategy:
    """`MultiWorkerMirroredStrategy` if `TF_CONFIG` names several processes, else `MirroredStrategy`.

    Call it before anything else of TensorFlow, once per process. With several, it waits for the others.

    Raises:
        UserError: `TF_CONFIG` cannot be understood.
    """
    return tf.distribute.MultiWorkerMirroredStrategy() if _workers() > 1 else tf.distribute.MirroredStrategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes the run's folder."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    has_chief = "chief" in resolver.cluster_spec().jobs
    return resolver.task_type == "chief" or (not has_chief and resolver.task_id == 0)


@contextmanager
def writable(run: RunFolder, strategy: tf.distribute.Strategy) -> Iterator[RunFolder]:
    """The folder that this process writes to: the run's for the chief, a temporary one for the others."""
    if is_chief(strategy):
        yield run
        return
    with tempfile.TemporaryDirectory() as folder:
        yield RunFolder(folder)


def gather_texts(strategy: tf.distribute.Strategy | None, text: str) -> list[str]:
    """The text of every worker, in their order; every worker must call it. Without `TF_CONFIG`, there is one."""
    workers = _workers()
    if workers == 1:
        return [text]

    def one_per_worker(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
        first = context.replica_id_in_sync_group % (context.num_replicas_in_sync // workers) == 0
        return tf.constant(list(text.encode() + b"\n") if first else [], tf.int32)

    codes = strategy.gather(strategy.experimental_distribute_values_from_function(one_per_worker), axis=0)
    return bytes(np.asarray(codes).astype(np.uint8)).decode().splitlines()


def several_workers() -> bool:
    """Whether `TF_CONFIG` names other processes than this one."""
    return _workers() > 1


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Returns when every worker has called it."""
    gather_texts(strategy, "")


def copy_validation(run: RunFolder, own: RunFolder) -> None:
    """Gives a worker that is not the chief the table by which all of them tell the best epoch."""
    if own.root != run.root and run.validation.is_file():
        write_text(own.validation, run.validation.read_text(encoding="utf-8"))


def check_agreement(strategy: tf.distribute.Strategy, what: str, value: str, remedy: str) -> None:
    """Raises UserError, which ends with `remedy`, on every worker unless all have the same value."""
    values = gather_texts(strategy, value)
    if len(set(values)) > 1:
        raise UserError(f"the workers do not agree on {what}: {', '.join(values)}; {remedy}")


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


def distributed_batches(
    strategy: tf.distribute.Strategy,
    config: ExperimentConfig,
    dataset: Dataset,
    names: Sequence[str],
    start: TrainingState,
    bad_photos: BadPhotos,
    masks: TrainingMasks | None = None,
) -> Iterator:
    """`training_batches` from a state to the run's end, for all devices; each host loads its own photos only.

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
            first_epoch=start.epoch,
            first_step=start.step,
            epochs=config.training.epochs - start.epoch,
            steps_per_epoch=config.training.steps_per_epoch,
            shard=(context.input_pipeline_id, context.num_input_pipelines),
            devices=context.num_replicas_in_sync // context.num_input_pipelines,
            bad_photos=bad_photos,
            saliency=config.self_supervision.saliency > 0,
            masks=masks,
        )

    if strategy.num_replicas_in_sync == 1 and "CPU" in strategy.extended.worker_devices[0]:
        # What a strategy wraps around it has a tuner, for which an iterator that ends waits, see `training_batches`.
        return iter(batches(tf.distribute.InputContext()))
    return iter(strategy.distribute_datasets_from_function(batches))


@contextmanager
def lost_workers() -> Iterator[None]:
    """Around the training: a worker that has gone ends this one with LostWorker, which says what to do."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        if _workers() == 1:
            raise
        # behind these words stands which worker it was, before them and in braces which operation noticed
        text = re.sub(r"\{\{.*?\}\}\s*", "", error.message.split("Error reported from ")[-1])
        reason = (text.splitlines() or ["no reason given"])[0][:120]
        raise LostWorker(f"another worker has gone ({reason}); start all of them again with --resume") from error


def _workers() -> int:
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        cluster = json.loads(text).get("cluster", {})
        return sum(len(cluster.get(job, [])) for job in ("chief", "worker")) or 1
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(f"TF_CONFIG: is not a cluster in JSON ({error}): {text}") from error
