"""Trainings that follow one another: each learns from the masks that the network, or networks, of the one before make.

What scales, saliency, GrabCut and the CRF add to a network's masks of the training photos, whose tags are known,
teaches the next network, which starts anew. Two such trainings are what the field calls two stages.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import keras
import tensorflow as tf
from tqdm import tqdm

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.outputs import readable, write_record
from wsfcn_tf.inference.photos import photos_of_split
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import with_crf_processes
from wsfcn_tf.models import Network
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.distribution import several_workers
from wsfcn_tf.weights.precision import resolved
from wsfcn_tf.weights.trained import load_trained

_SEEDS_APART = 1000  # of a round's networks: trainings whose seeds are 0, 1 and 2 have no network in common


def train_in_rounds(
    train: Callable[[ExperimentConfig, RunFolder], Network],
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    resume: bool,
) -> Network:
    """Trains `self_supervision.rounds` times; with 1, that is `train(config, run)`.

    Each round but the last trains `self_supervision.teachers` networks, whose mean labels the photos for the next.
    Whatever is done stays done: an interrupted training goes on as `train` lets it, interrupted masks with the next
    photo. Keras' session is cleared between rounds, so that a round does not depend on whether the process is new.

    Args:
        train: a training of its own, into a run's folder.
        config: the experiment.
        dataset: photos and tags.
        run: the folder of the last round; those of the others are within it.
        resume: whether rounds may have begun before.

    Returns:
        The network of the last round.

    Raises:
        UserError: `TF_CONFIG` names several processes, or a photo cannot be read; or from `train`.
    """
    number = config.self_supervision.rounds - 1
    if number == 0:
        return train(config, run)
    if several_workers():
        raise UserError("self_supervision.rounds is for one process, and TF_CONFIG names several: see docs/training.md")
    if not run.is_run:
        run.check(config, dataset.class_names, resume=True)  # before hours are spent on a folder that is not free
        for teacher in range(1, config.self_supervision.teachers + 1):
            _train_teacher(train, config, dataset, run, teacher, resume)
        make_pseudo_masks(run, dataset, config)
        keras.backend.clear_session()
        print(f"round {number + 1} of {number + 1}: {run.root}")
    return train(_as_trained(config, run), run)


def make_pseudo_masks(run: RunFolder, dataset: Dataset, config: ExperimentConfig) -> None:
    """Writes the masks that a round learns from into the folder of the round before; those that are there stay.

    Args:
        run: of the round that will learn from them, at least the second; the networks of the one before are trained.
        dataset: photos and tags.
        config: of that round: its number, how many networks there are, its inference, but for the sliding window, with
            which masks teach no better (benchmarks/photo_size.md); and what to do about photos that cannot be read.

    Raises:
        UserError: a photo cannot be read, with `data.on_bad_image` error.
    """
    learning = config.self_supervision
    precision = resolved(config.inference.precision)
    inference = replace(config.inference, classes="tags", window_scales=(), precision=precision)
    teachers = [run.round(learning.rounds - 1, teacher).root for teacher in range(1, learning.teachers + 1)]
    networks = [load_trained(root).in_precision(precision) for root in teachers]
    checksums = [network.weights_sha256 for network in networks]
    made_with = {"weights_sha256": checksums if checksums[1:] else checksums[0], "inference": asdict(inference)}
    masks = _masks_of_round_before(run, config)
    write_record(masks, made_with, resume=True, anew=f"delete {masks}, and training makes its masks anew")
    jobs = photos_of_split(dataset, config.data.train_split, masks, with_tags=True)
    left = {job.name: job for job in jobs if not job.mask.is_file() and _is_tagged(dataset, job.name)}
    predictor = Predictor(_mean([network.model for network in networks]), inference)
    predict, unreadable = with_crf_processes(predictor), []
    with tqdm(total=len(left), desc="pseudo masks", unit="photo") as bar:
        for photo, prediction in predict(readable(list(left.values()), unreadable)):
            write_mask(left[photo.name].mask, prediction.labels)
            bar.update()
    if unreadable and config.data.on_bad_image == "error":
        raise UserError("; ".join(unreadable))


def _mean(networks: Sequence[Network]) -> Callable[..., dict[str, tf.Tensor]]:
    """The mean of several networks' masks and scores."""

    def mean(images: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        outputs = [network(images, training=training) for network in networks]
        return {key: tf.add_n([each[key] for each in outputs]) / len(outputs) for key in ("masks", "scores")}

    return mean


def _train_teacher(
    train: Callable[[ExperimentConfig, RunFolder], Network],
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    teacher: int,
    resume: bool,
) -> None:
    """Trains one of the networks, counted from 1, of the round before, unless it is trained; the first before others.

    All of them learn from the same masks, so the rounds before that one are the first one's.
    """
    learning, number = config.self_supervision, config.self_supervision.rounds - 1
    before = replace(
        config,
        self_supervision=replace(learning, rounds=number, teachers=learning.teachers if number > 1 else 1),
        training=replace(config.training, seed=config.training.seed + _SEEDS_APART * (teacher - 1)),
    )
    folder, first = run.round(number, teacher), run.round(number)
    if folder.weights.is_file():
        folder.check(_as_trained(before, first), dataset.class_names, resume)
        return
    print(f"round {number} of {number + 1}: {folder.root}")
    if teacher == 1:
        train_in_rounds(train, before, dataset, folder, resume)
    else:
        train(_as_trained(before, first), folder)
    keras.backend.clear_session()


def _is_tagged(dataset: Dataset, name: str) -> bool:
    """Whether a photo has tags; one without has a complete mask of its own, else no training would have begun."""
    try:
        dataset.tags(name)
    except UserError:
        return False
    return True


def _as_trained(config: ExperimentConfig, run: RunFolder) -> ExperimentConfig:
    """A round's experiment with the masks of the round before, if there is one."""
    if config.self_supervision.rounds == 1:
        return config
    masks = {**(config.data.pseudo_masks or {}), str(_masks_of_round_before(run, config)): "hard"}
    return replace(config, data=replace(config.data, pseudo_masks=masks))


def _masks_of_round_before(run: RunFolder, config: ExperimentConfig) -> Path:
    return run.round(config.self_supervision.rounds - 1).pseudo_masks
