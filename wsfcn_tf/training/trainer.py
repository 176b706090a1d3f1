"""Training a network: config and dataset become model, batches and callbacks, and the loop runs them."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.files import replacing
from wsfcn_tf.models import Network, build_model
from wsfcn_tf.models.network_file import save_network
from wsfcn_tf.objective.objective import build_objective
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.lock import locked
from wsfcn_tf.training.async_means import AsyncMeans, reads_batch_logs
from wsfcn_tf.training.callbacks import (
    BestWeights,
    Checkpoint,
    EpochTables,
    LossSwitch,
    ProgressBar,
    Record,
    StopOnSignal,
    SupervisionPanels,
    TensorBoardScalars,
    UnreadablePhotos,
    Validation,
)
from wsfcn_tf.training.distribution import distributed_batches, is_chief, lost_workers, open_strategy, writable
from wsfcn_tf.training.experiment import Experiment, open_experiment, resolve, told_by_tags
from wsfcn_tf.training.loop import run_epochs
from wsfcn_tf.training.optimizer import build_optimizer
from wsfcn_tf.training.rounds import train_in_rounds
from wsfcn_tf.weights.precision import precision
from wsfcn_tf.weights.start import load_start


def train(
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    *,
    resume: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    asked_to_stop: Callable[[], str] = str,
) -> Network:
    """Trains a network from photos and tags; masks are read for `training.validate_miou` and `data.masks: train` only.

    Trains `self_supervision.rounds` times, see `train_in_rounds`. Works on every device that TensorFlow sees, and with
    the other processes that `TF_CONFIG` names. Saves a checkpoint after each epoch, every `training.checkpoint_every`
    steps within it, and when SIGTERM or SIGINT asks to stop; and the trained weights at the end.

    Args:
        config: the experiment; `model.num_classes` may be None.
        dataset: where photos and tags come from.
        run: the folder to write to.
        resume: continue a run of the same experiment where it was interrupted.
        strategy: the devices to train on; None calls `open_strategy`, which must come before other uses of TensorFlow
            where `TF_CONFIG` names several processes.
        callbacks: any of Keras', called as by `fit`: after validation, and before the epoch's checkpoint is saved.
        asked_to_stop: called between steps, and between masks of rounds: "SIGTERM" or "SIGINT" if one has come
            elsewhere, else "". For trainings in threads, where Python handles no signals.

    Returns:
        The trained model.

    Raises:
        UserError: a mistake in config, data or folder, a loss that is not finite, or a worker that has gone.
        Stopped: a signal asked to stop, and the state is saved.
    """
    strategy = open_strategy() if strategy is None else strategy
    asked, config = config, resolve(config, dataset, run)
    if (told := told_by_tags(asked, config)) and is_chief(strategy):
        print(told)
    between_rounds = StopOnSignal(strategy=strategy, asked=asked_to_stop)

    def train_once(config: ExperimentConfig, run: RunFolder) -> Network:
        stop = StopOnSignal(strategy=strategy, asked=asked_to_stop)
        model = _train(config, dataset, run, resume, strategy, callbacks, stop)
        between_rounds.requested = stop.requested  # what came after the last step is not forgotten
        return model

    return train_in_rounds(train_once, config, dataset, run, resume, between_rounds)


def _train(
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    resume: bool,
    strategy: tf.distribute.Strategy,
    callbacks: Sequence[keras.callbacks.Callback],
    stop: StopOnSignal,
) -> Network:
    """One training."""
    with lost_workers(), writable(run, strategy) as own, locked(own.root), stop:
        experiment = open_experiment(config, dataset, run, strategy, resume)
        model = _build(experiment)
        start = experiment.begin(own)  # only now: a run whose weights are not to be had has not begun
        _run(experiment, model, start, own, stop, callbacks)
    return model


def _build(experiment: Experiment) -> Network:
    """The network, compiled."""
    config, strategy, steps = experiment.config, experiment.strategy, experiment.steps
    keras.utils.set_random_seed(config.training.seed)
    with strategy.scope(), precision(config.training.precision):
        model = build_model(config.model)
        if experiment.run.latest_checkpoint() is None:
            # before the optimiser, whose average starts from these
            load_start(model, config.training.weights, experiment.dataset.class_names)
        model.compile(
            build_optimizer(model, config.training, steps),
            build_objective(config, experiment.tags, steps, learns_masks=experiment.masks is not None),
            seed=config.training.seed,
            accumulation_steps=config.training.accumulation_steps,
            xla=config.training.xla,
        )
    return model


def _run(
    experiment: Experiment,
    model: Network,
    start: TrainingState,
    own: RunFolder,
    stop: StopOnSignal,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Gives the loop what it runs, and the callbacks in their order; saves the trained network."""
    config, dataset, names, strategy = experiment.config, experiment.dataset, experiment.names, experiment.strategy
    training, means = config.training, AsyncMeans(synchronous=any(map(reads_batch_logs, callbacks)))
    bad_photos = BadPhotos.load(experiment.run.bad_images)
    batches = distributed_batches(strategy, config, dataset, names, start, bad_photos, experiment.masks)
    unreadable = UnreadablePhotos(own, bad_photos, len(names), strategy)
    checkpoint = stop.checkpoint = Checkpoint(
        experiment.run,
        every=training.checkpoint_every,
        keep=training.keep_checkpoints,
        state=start,
        own=own,
        means=means,
        before_saving=unreadable.save,
    )
    scalars, best = TensorBoardScalars(own.tensorboard, means), BestWeights(own, training)
    with Record(own, experiment.facts(own)) as record, ProgressBar(means, experiment.notes) as progress:
        order: list[keras.callbacks.Callback] = [LossSwitch(training.pretrain_epochs)]
        if experiment.split:
            validation = Validation(config, dataset, experiment.split, checkpoint, stop, callbacks)
            order.append(validation)
        if training.panels:
            order.append(SupervisionPanels(scalars, dataset, names, training.panels, config.data))
        order += [EpochTables(own, means), scalars, progress, unreadable, *callbacks, best, checkpoint, record, stop]
        run_epochs(
            model,
            strategy,
            batches,
            keras.callbacks.CallbackList(
                order,
                add_history=True,
                model=model,
                epochs=training.epochs,
                steps=experiment.steps,
                verbose=int(is_chief(strategy)),
            ),
            means,
            start,
        )
        with replacing(own.weights, durable=True) as path:
            save_network(model, path)
        if best.selected:
            epoch, value = best.selected
            by_masks = training.select == "miou"
            record.note(selected={"epoch": epoch, training.select: value, "with_masks": by_masks})
        if experiment.split:
            found = validation.warnings(best.selected[0] if best.selected else checkpoint.state.epoch)
            record.note(warnings=found)
            for line in found if is_chief(strategy) else ():
                print(f"warning: {line}")
