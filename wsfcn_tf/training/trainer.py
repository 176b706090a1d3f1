"""The training loop: one strategy, one compiled step, epochs that can be resumed anywhere."""

import itertools
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.data.pipeline import steps_per_epoch, user_errors
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import clear_partial, replacing, write_text, writing
from wsfcn_tf.models import Network, build_model
from wsfcn_tf.models.network_file import save_network
from wsfcn_tf.objective.objective import build_objective
from wsfcn_tf.runs.epoch_table import write_row
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.lock import locked
from wsfcn_tf.runs.record import RunRecord
from wsfcn_tf.runs.training_data import check_training_data, write_training_data
from wsfcn_tf.training import checkpoints
from wsfcn_tf.training.checkpoints import Position
from wsfcn_tf.training.late_values import LateValues
from wsfcn_tf.training.logging import TrainingLog, supervision_panel
from wsfcn_tf.training.optimizer import build_optimizer
from wsfcn_tf.training.precision import fastest_precision, precision
from wsfcn_tf.training.rewinding import rewind
from wsfcn_tf.training.saving import Saving
from wsfcn_tf.training.selection import load_best
from wsfcn_tf.training.session import facts, recorded
from wsfcn_tf.training.steps import check_devices, check_steps, compile_step, distributed_batches
from wsfcn_tf.training.stopping import StopRequest
from wsfcn_tf.training.validation import Validation, is_validated, open_validation
from wsfcn_tf.training.workers import (
    check_agreement,
    inherit,
    is_chief,
    lost_workers,
    open_strategy,
    share_bad_photos,
    wait_for_all,
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
    """Trains a network from photos and tags; masks are never read but for `training.validate_miou`.

    Works on every device that TensorFlow sees, and with the other processes that `TF_CONFIG` names. Saves a checkpoint
    after each epoch, every `training.checkpoint_every` steps within it, and when SIGTERM or SIGINT asks to stop; and
    the trained weights at the end.

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
        Stopped: a signal asked to stop, and the state is saved.
    """
    strategy = open_strategy() if strategy is None else strategy
    config = resolve(config, dataset, run)
    with lost_workers(), writable(run, strategy) as own, locked(own.root), StopRequest() as stop:
        return _train(config, dataset, run, own, resume, stop, strategy)


def _train(
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    own: RunFolder,
    resume: bool,
    stop: StopRequest,
    strategy: tf.distribute.Strategy,
) -> Network:
    """Trains; reads what an earlier part of the run left in `run`, writes to `own`, which no other process does."""
    names = dataset.names(config.data.train_split)
    steps = steps_per_epoch(names, config.training.batch_size)
    tags = np.stack([dataset.tags(name) for name in names])
    run.check(config, dataset.class_names, resume)
    check_training_data(run.training_data, names, tags, dataset.class_names)
    validation, notes = open_validation(config, dataset, names)
    check_devices(strategy, config.training.batch_size, config.training.accumulation_steps)
    check_agreement(strategy, "training.precision", config.training.precision, "set it to one of these")
    if is_chief(strategy):
        notes += _tidy_up(run)
    wait_for_all(strategy)  # the others look at the folder when it is tidy
    check_steps(run, steps)

    model, start = _build(config, strategy, run, steps, int(tags.sum(axis=1).max()))
    check_agreement(
        strategy, "where the run is", f"epoch {start.epochs}, step {start.steps}", "give all of them the same folders"
    )
    inherit(run, own)
    if not own.is_run:  # only now: a run whose weights are not to be had has not begun
        own.create(config, dataset.class_names)
    rewind(own, start.epochs)
    write_training_data(own.training_data, names, tags, dataset.class_names)
    bad_photos = BadPhotos.load(run.bad_images)
    log = TrainingLog(
        own.tensorboard, steps * config.training.epochs, steps * start.epochs + start.steps, shown=is_chief(strategy)
    )
    for note in notes:
        log.note(note)
    stream = distributed_batches(strategy, config, dataset, names, start, bad_photos)
    saving = Saving(config.training, own, model, steps, bad_photos, stop, strategy)
    with recorded(own, facts(config, strategy, own, len(names), start)) as run_record:
        try:
            saving.stop_if_asked(
                f"nothing is lost, the run is where it was, after {start.epochs} epochs and {start.steps} steps"
            )
            _train_epochs(config, dataset, strategy, stream, start, saving, validation, log, run_record)
        finally:
            with writing(own.tensorboard):
                log.close()
        best = load_best(own, model, config.training)
        if best is None:
            model.optimizer.finalize_variable_values(model.trainable_variables)  # their average, with training.ema
        with replacing(own.weights, durable=True) as path:
            save_network(model, path)
        if best:
            about = {"epoch": best[0], config.training.select: best[1], "with_masks": config.training.select == "miou"}
            run_record.note(selected=about)
    return model


def _tidy_up(run: RunFolder) -> list[str]:
    """Removes what killed processes left, and sets damaged checkpoints aside; returns a line for each of these."""
    for folder in (run.root, run.root / "checkpoints"):
        clear_partial(folder)
    return checkpoints.set_aside_damaged(run)


def _build(
    config: ExperimentConfig, strategy: tf.distribute.Strategy, run: RunFolder, steps: int, max_tags: int
) -> tuple[Network, Position]:
    """The network, ready to train, and where the run is."""
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
        return model, checkpoints.restore(run, model, model.optimizer)


def _train_epochs(
    config: ExperimentConfig,
    dataset: Dataset,
    strategy: tf.distribute.Strategy,
    stream: Iterator,
    start: Position,
    saving: Saving,
    validation: Validation | None,
    log: TrainingLog,
    run_record: RunRecord,
) -> None:
    """Trains from a position to the run's end, and writes what each epoch came to."""
    run, model, bad_photos = saving.run, saving.model, saving.bad_photos
    step = compile_step(strategy, model)
    for epoch in range(start.epochs, config.training.epochs):
        here = start if epoch == start.epochs else Position(epoch)
        batches = itertools.islice(stream, saving.steps - here.steps)
        self_supervision = epoch >= config.training.pretrain_epochs
        shown = _train_epoch(here, strategy, step, batches, log, self_supervision, saving)
        if validation and is_validated(config, epoch + 1):
            row = saving.validated(validation, self_supervision, Position(epoch, saving.steps, here.totals))
            write_row(run.validation, epoch + 1, row)
            with writing(run.tensorboard):
                log.validation(epoch, row)
        with writing(run.tensorboard):
            log.epoch(epoch, here.totals)
        write_row(run.history, epoch + 1, here.totals.means())
        write_row(run.speed, epoch + 1, here.totals.speed())
        if bad := share_bad_photos(strategy, bad_photos, epoch):
            bad_photos.save(run.bad_images, epoch)
            images = len(dataset.names(config.data.train_split))
            log.note(f"{len(bad)} of {images} photos cannot be read, others replace them: {run.bad_images}")
        if config.training.panels > 0 and shown:
            log.panel(epoch, _panel(model, *shown, config.training.panels, dataset.class_names))
        saving.epoch(epoch + 1, run_record)


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
    run.create(resolve(config, dataset, earlier), dataset.class_names)


def resolve(config: ExperimentConfig, dataset: Dataset, run: RunFolder) -> ExperimentConfig:
    """The config with the number of classes that the data has, and a precision instead of "auto".

    Args:
        config: the experiment as it was asked for.
        dataset: its data.
        run: if it has begun, "auto" is its precision, whatever the hardware is now.

    Raises:
        UserError: the config asks for another number.
    """
    classes = len(dataset.class_names)
    if config.model.num_classes not in (None, classes):
        raise UserError(
            f"model.num_classes is {config.model.num_classes}, but the data has {classes} classes; leave it out"
        )
    training = config.training
    if training.precision == "auto":
        chosen = run.read()[0].training.precision if run.is_run else fastest_precision()
        training = replace(training, precision=chosen)
    return replace(config, model=replace(config.model, num_classes=classes), training=training)


def _train_epoch(
    start: Position,
    strategy: tf.distribute.Strategy,
    step: tf.types.experimental.PolymorphicFunction,
    batches: Iterable,
    log: TrainingLog,
    self_supervision: bool,
    saving: Saving,
) -> tuple[tf.Tensor, tf.Tensor] | None:
    """Trains on every batch, and adds up `start.totals`.

    Returns:
        The images and tags of the last batch, one replica's share, for the panel; None if no batch was left.
    """
    epoch, totals, images = start.epochs, start.totals, None
    late = LateValues(epoch, totals, log)
    with user_errors():
        for steps_done, (images, tags, names) in enumerate(totals.clocked(batches), start=start.steps + 1):
            local_names = strategy.experimental_local_results(names)  # `gather` takes no strings
            late.add(step(images, tags, self_supervision), local_names)
            if saving.is_due(steps_done):
                late.settle()
                totals.count_time()
                saving.save(Position(epoch, steps_done, totals))
        late.settle()
    if images is None:
        return None
    return strategy.experimental_local_results(images)[0], strategy.experimental_local_results(tags)[0]


def _panel(model: Network, images: tf.Tensor, tags: tf.Tensor, count: int, class_names: tuple[str, ...]) -> np.ndarray:
    """How the first `count` of the images are supervised now."""
    images, tags = images[:count], tags[:count]
    outputs = model(images, training=False)
    return supervision_panel(images, model.objective.supervise(images, tags, outputs["logits"]), class_names)
