"""The training loop: one strategy, one compiled step, epochs that can be resumed anywhere."""

import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.bad_photos import BadPhotos
from wsfcn_tf.data.dataset import Dataset
from wsfcn_tf.data.pipeline import steps_per_epoch, training_batches, user_errors
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_text
from wsfcn_tf.models import Network, build_model
from wsfcn_tf.run_folder import RunFolder
from wsfcn_tf.training import checkpoints
from wsfcn_tf.training.checkpoints import Position
from wsfcn_tf.training.history import record
from wsfcn_tf.training.late_values import LateValues
from wsfcn_tf.training.logging import TrainingLog, supervision_panel
from wsfcn_tf.training.objective import build_objective
from wsfcn_tf.training.optimizer import build_optimizer
from wsfcn_tf.training.precision import precision
from wsfcn_tf.training.workers import (
    check_agreement,
    is_chief,
    lost_workers,
    open_strategy,
    share_bad_photos,
    writable,
)
from wsfcn_tf.weights.backbone import load_backbone


def train(
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    *,
    resume: bool = False,
    strategy: tf.distribute.Strategy | None = None,
) -> Network:
    """Trains a network from photos and tags; masks are never read.

    Works on every device that TensorFlow sees, and with the other processes that `TF_CONFIG` names. Saves a checkpoint
    after each epoch, and every `training.checkpoint_every` steps within it, and the trained weights at the end.

    Args:
        config: the experiment; `model.num_classes` may be None.
        dataset: where photos and tags come from.
        run: the folder to write to.
        resume: continue a run of the same experiment where it was interrupted.
        strategy: the devices to train on; None calls `open_strategy`, which must come before other uses of TensorFlow
            where `TF_CONFIG` names several processes.

    Returns:
        The trained model.

    Raises:
        UserError: a mistake in config, data or folder, a loss that is not finite, or a worker that has gone.
    """
    strategy = open_strategy() if strategy is None else strategy
    with lost_workers(), writable(run, strategy) as own:
        return _train(config, dataset, run, own, resume, strategy)


def _train(
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    own: RunFolder,
    resume: bool,
    strategy: tf.distribute.Strategy,
) -> Network:
    """Trains; reads what an earlier part of the run left in `run`, writes to `own`."""
    config = resolve(config, dataset)
    names = dataset.names(config.data.train_split)
    steps = steps_per_epoch(names, config.training.batch_size)
    max_tags = int(max(dataset.tags(name).sum() for name in names))
    run.check(config, dataset.class_names, resume)
    check_steps(run, steps)

    check_devices(strategy, config.training.batch_size, config.training.accumulation_steps)
    keras.utils.set_random_seed(config.training.seed)
    with strategy.scope(), precision(config.training.precision):
        model = build_model(config.model)
        if config.training.weights and run.latest_checkpoint() is None:
            load_backbone(model, config.training.weights)  # before the optimiser, whose average starts from these
        model.compile(
            build_optimizer(model, config.training, steps),
            build_objective(config, max_tags, steps),
            seed=config.training.seed,
            accumulation_steps=config.training.accumulation_steps,
            xla=config.training.xla,
        )
        start = checkpoints.restore(run, model, model.optimizer)
    check_agreement(strategy, "where the run is", f"epoch {start.epochs}, step {start.steps}")
    if not own.is_run:  # only now: a run whose weights are not to be had has not begun
        own.claim(config, dataset.class_names)
    bad_photos = BadPhotos.load(run.bad_images)
    step = compile_step(strategy, model)
    log = TrainingLog(
        own.tensorboard, steps * config.training.epochs, steps * start.epochs + start.steps, shown=is_chief(strategy)
    )
    stream = distributed_batches(strategy, config, dataset, names, start, bad_photos)
    try:
        for epoch in range(start.epochs, config.training.epochs):
            here = start if epoch == start.epochs else Position(epoch)
            shown = _train_epoch(
                here,
                strategy,
                step,
                itertools.islice(stream, steps - here.steps),
                log,
                epoch >= config.training.pretrain_epochs,
                _saving_within(own, strategy, model, bad_photos),
                _saved_within(config, steps),
            )
            log.epoch(epoch, here.totals)
            record(own.history, epoch + 1, here.totals.means())
            record(own.speed, epoch + 1, here.totals.speed())
            if bad := share_bad_photos(strategy, bad_photos, epoch):
                bad_photos.save(own.bad_images, epoch)
                log.note(f"{len(bad)} of {len(names)} photos cannot be read, others replace them: {run.bad_images}")
            if config.training.panels > 0:
                log.panel(epoch, _panel(model, *shown, config.training.panels, dataset.class_names))
            checkpoints.save(own, model, model.optimizer, epoch + 1, config.training.keep_checkpoints)
    finally:
        log.close()
    model.optimizer.finalize_variable_values(model.trainable_variables)  # their average, with training.ema
    with replacing(own.weights) as path:
        model.save_weights(path)
    return model


def continue_from(earlier: RunFolder, run: RunFolder, config: ExperimentConfig, dataset: Dataset) -> None:
    """Lets a run that has not begun start from the last checkpoint of another, of the same network on the same data.

    Args:
        earlier: the run that ends where the new one goes on.
        run: the new run's folder; nothing is done if it has begun.
        config: the new run's experiment.
        dataset: its data.

    Raises:
        UserError: `earlier` has no checkpoint.
    """
    if run.is_run:
        return
    if not earlier.checkpoints():
        raise UserError(f"{earlier.root}: no checkpoint to continue from")
    epochs, folder = earlier.checkpoints()[-1]
    with replacing(run.checkpoint(epochs)) as copy:
        shutil.copytree(folder, copy)
    for table, begun in ((earlier.history, run.history), (earlier.speed, run.speed)):
        if table.is_file():
            write_text(begun, table.read_text(encoding="utf-8"))
    run.claim(resolve(config, dataset), dataset.class_names)


def resolve(config: ExperimentConfig, dataset: Dataset) -> ExperimentConfig:
    """The config with the number of classes that the data has.

    Raises:
        UserError: the config asks for another number.
    """
    classes = len(dataset.class_names)
    if config.model.num_classes not in (None, classes):
        raise UserError(
            f"model.num_classes is {config.model.num_classes}, but the data has {classes} classes; leave it out"
        )
    return replace(config, model=replace(config.model, num_classes=classes))


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
    if last and last.steps >= steps:
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


def _train_epoch(
    start: Position,
    strategy: tf.distribute.Strategy,
    step: tf.types.experimental.PolymorphicFunction,
    batches: Iterable,
    log: TrainingLog,
    self_supervision: bool,
    save: Callable[[Position], None],
    is_saved: Callable[[int], bool],
) -> tuple[tf.Tensor, tf.Tensor]:
    """Trains on every batch, and adds up `start.totals`.

    Returns:
        The images and tags of the last batch, one replica's share, for the panel.
    """
    epoch, totals = start.epochs, start.totals
    late = LateValues(epoch, totals, log)
    with user_errors():
        for steps_done, (images, tags, names) in enumerate(totals.clocked(batches), start=start.steps + 1):
            local_names = strategy.experimental_local_results(names)  # `gather` takes no strings
            late.add(step(images, tags, self_supervision), local_names)
            if is_saved(steps_done):
                late.settle()
                save(Position(epoch, steps_done, totals))
        late.settle()
    return strategy.experimental_local_results(images)[0], strategy.experimental_local_results(tags)[0]


def _saved_within(config: ExperimentConfig, steps: int) -> Callable[[int], bool]:
    """Whether `training.checkpoint_every` asks for a checkpoint after so many steps of an epoch."""
    every = config.training.checkpoint_every
    return lambda done: every > 0 and done % every == 0 and done < steps  # an epoch's last step has its own


def _saving_within(
    run: RunFolder, strategy: tf.distribute.Strategy, model: Network, bad_photos: BadPhotos
) -> Callable[[Position], None]:
    """What saves a checkpoint within an epoch."""

    def save(position: Position) -> None:
        if share_bad_photos(strategy, bad_photos, position.epochs):
            bad_photos.save(run.bad_images, position.epochs)
        checkpoints.save_within(run, model, model.optimizer, position)

    return save


def _panel(model: Network, images: tf.Tensor, tags: tf.Tensor, count: int, class_names: tuple[str, ...]) -> np.ndarray:
    """How the first `count` of the images are supervised now."""
    images, tags = images[:count], tags[:count]
    outputs = model(images, training=False)
    return supervision_panel(images, model.objective.supervise(images, tags, outputs["logits"]), class_names)
