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
from wsfcn_tf.data.fingerprint import check_training_data, note_training_data
from wsfcn_tf.data.pipeline import steps_per_epoch, training_batches, user_errors
from wsfcn_tf.epoch_table import record
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import clear_partial, replacing, write_text, writing
from wsfcn_tf.models import Network, build_model
from wsfcn_tf.run_folder import RunFolder
from wsfcn_tf.run_lock import locked
from wsfcn_tf.training import checkpoints
from wsfcn_tf.training.checkpoints import Position
from wsfcn_tf.training.logging import TrainingLog, supervision_panel
from wsfcn_tf.training.objective import Objective
from wsfcn_tf.training.optimizer import build_optimizer
from wsfcn_tf.training.precision import precision
from wsfcn_tf.training.rewinding import rewind
from wsfcn_tf.training.saving import Saving
from wsfcn_tf.training.selection import load_best
from wsfcn_tf.training.session import facts, recorded
from wsfcn_tf.training.stopping import StopRequest
from wsfcn_tf.training.validation import is_validated, open_validation
from wsfcn_tf.weights.backbone import load_backbone


def train(config: ExperimentConfig, dataset: Dataset, run: RunFolder, *, resume: bool = False) -> Network:
    """Trains a network from photos and tags; masks are never read but for `training.validate_miou`.

    Works on every device that TensorFlow sees (MirroredStrategy). Saves a checkpoint after each epoch, every
    `training.checkpoint_every` steps within it, and when SIGTERM or SIGINT asks to stop; and the trained weights at the
    end.

    Args:
        config: the experiment; `model.num_classes` may be None.
        dataset: where photos and tags come from.
        run: the folder to write to.
        resume: continue a run of the same experiment where it was interrupted.

    Returns:
        The trained model.

    Raises:
        UserError: a mistake in config, data or folder, or a loss that is not finite.
        Stopped: a signal asked to stop, and the state is saved.
    """
    config = resolve(config, dataset)
    names = dataset.names(config.data.train_split)
    steps = steps_per_epoch(names, config.training.batch_size)
    with locked(run.root), StopRequest() as stop:
        return _train(config, dataset, run, names, steps, resume, stop)


def _train(
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    names: Sequence[str],
    steps: int,
    resume: bool,
    stop: StopRequest,
) -> Network:
    """Trains, in a folder that no other process writes to."""
    run.check(config, dataset.class_names, resume)
    for folder in (run.root, run.root / "checkpoints"):
        clear_partial(folder)
    tags = np.stack([dataset.tags(name) for name in names])
    check_training_data(run.training_data, names, tags, dataset.class_names)
    validation, notes = open_validation(config, dataset, names)
    notes += checkpoints.set_aside_damaged(run)
    check_steps(run, steps)

    strategy = tf.distribute.MirroredStrategy()
    check_devices(strategy, config.training.batch_size)
    keras.utils.set_random_seed(config.training.seed)
    with strategy.scope(), precision(config.training.precision):
        model = build_model(config.model)
        model.compile(
            build_optimizer(model, config.training, steps),
            Objective(config.self_supervision, int(tags.sum(axis=1).max())),
            seed=config.training.seed,
        )
        start = checkpoints.restore(run, model, model.optimizer)
        if (start.epochs, start.steps) == (0, 0) and config.training.weights:
            load_backbone(model, config.training.weights)
    if not run.is_run:  # only now: a run whose weights are not to be had has not begun
        run.claim(config, dataset.class_names)
    rewind(run, start.epochs)
    note_training_data(run.training_data, names, tags, dataset.class_names)
    bad_photos = BadPhotos.load(run.bad_images)
    step = compile_step(strategy, model)
    log = TrainingLog(run.tensorboard, steps * config.training.epochs, steps * start.epochs + start.steps)
    for note in notes:
        log.note(note)
    stream = distributed_batches(strategy, config, dataset, names, start, bad_photos)
    saving = Saving(config.training, run, model, steps, bad_photos, stop)
    with recorded(run, facts(config, strategy, run, len(names), start)) as run_record:
        try:
            stop.check(f"nothing is lost, the run is where it was, after {start.epochs} epochs and {start.steps} steps")
            for epoch in range(start.epochs, config.training.epochs):
                here = start if epoch == start.epochs else Position(epoch)
                batches = itertools.islice(stream, steps - here.steps)
                self_supervision = epoch >= config.training.pretrain_epochs
                shown = _train_epoch(here, strategy, step, batches, log, self_supervision, saving.within)
                if validation and is_validated(config, epoch + 1):
                    row = saving.validated(validation, self_supervision, Position(epoch, steps, here.totals))
                    record(run.validation, epoch + 1, row)
                    with writing(run.tensorboard):
                        log.validation(epoch, row)
                with writing(run.tensorboard):
                    log.epoch(epoch, here.totals)
                record(run.history, epoch + 1, here.totals.means())
                record(run.speed, epoch + 1, here.totals.speed())
                if bad := bad_photos.until(epoch):
                    bad_photos.save(run.bad_images, epoch)
                    log.note(f"{len(bad)} of {len(names)} photos cannot be read, others replace them: {run.bad_images}")
                if config.training.panels > 0 and shown:
                    log.panel(epoch, _panel(model, *shown, config.training.panels, dataset.class_names))
                saving.epoch(epoch + 1, run_record)
        finally:
            with writing(run.tensorboard):
                log.close()
        best = load_best(run, model, config.training)
        with replacing(run.weights, durable=True) as path:
            model.save_weights(path)
        if best:
            about = {"epoch": best[0], config.training.select: best[1], "with_masks": config.training.select == "miou"}
            run_record.note(selected=about)
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
    with replacing(run.checkpoint(epochs), durable=True) as copy:
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


def check_devices(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Raises UserError if a batch cannot be shared evenly among the devices."""
    devices = strategy.num_replicas_in_sync
    if batch_size % devices:
        raise UserError(f"training.batch_size is {batch_size}: make it a multiple of the {devices} devices")


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


def _train_epoch(
    start: Position,
    strategy: tf.distribute.Strategy,
    step: tf.types.experimental.PolymorphicFunction,
    batches: Iterable,
    log: TrainingLog,
    self_supervision: bool,
    save_within: Callable[[Position], None],
) -> tuple[tf.Tensor, tf.Tensor] | None:
    """Trains on every batch, and adds up `start.totals`.

    Returns:
        The images and tags of the last batch, one replica's share, for the panel; None if no batch was left.
    """
    epoch, totals, images = start.epochs, start.totals, None
    with user_errors():
        for steps_done, (images, tags, names) in enumerate(totals.clocked(batches), start=start.steps + 1):
            values = {name: value.numpy() for name, value in step(images, tags, self_supervision).items()}
            if not np.isfinite(values["loss"]).all():
                local = strategy.experimental_local_results(names)  # `gather` takes no strings
                raise UserError(_not_finite(epoch, values["loss"], np.concatenate([part.numpy() for part in local])))
            totals.add(values)
            log.step(epoch, totals)
            totals.count_time()
            save_within(Position(epoch, steps_done, totals))
    if images is None:
        return None
    return strategy.experimental_local_results(images)[0], strategy.experimental_local_results(tags)[0]


def _not_finite(epoch: int, loss: np.ndarray, names: Sequence[bytes]) -> str:
    marks = ("" if finite else " (!)" for finite in np.isfinite(loss))
    images = ", ".join(f"{name.decode()}{mark}" for name, mark in zip(names, marks, strict=True))
    return f"the loss is not finite in epoch {epoch + 1} on {images}; lower training.learning_rate, or check them"


def _panel(model: Network, images: tf.Tensor, tags: tf.Tensor, count: int, class_names: tuple[str, ...]) -> np.ndarray:
    """How the first `count` of the images are supervised now."""
    images, tags = images[:count], tags[:count]
    outputs = model(images, training=False)
    return supervision_panel(images, model.objective.supervise(images, tags, outputs["logits"]), class_names)
