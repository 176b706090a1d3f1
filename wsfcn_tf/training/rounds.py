"""Trainings that follow one another: each learns from the masks that the network of the one before makes.

What scales, saliency, GrabCut and the CRF add to a network's masks of the training photos, whose tags are known,
teaches the next network, which starts anew. Two such trainings are what the field calls two stages.
"""

from collections.abc import Callable
from dataclasses import asdict, replace

import keras
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
from wsfcn_tf.training.callbacks import StopOnSignal
from wsfcn_tf.training.distribution import several_workers
from wsfcn_tf.weights.precision import resolved
from wsfcn_tf.weights.trained import load_trained


def train_in_rounds(
    train: Callable[[ExperimentConfig, RunFolder], Network],
    config: ExperimentConfig,
    dataset: Dataset,
    run: RunFolder,
    resume: bool,
    stop: StopOnSignal,
) -> Network:
    """Trains `self_supervision.rounds` times; with 1, that is `train(config, run)`.

    Whatever is done stays done: an interrupted training goes on as `train` lets it, interrupted masks with the next
    photo. Keras' session is cleared between rounds, so that a round does not depend on whether the process is new.

    Args:
        train: a training of its own, into a run's folder.
        config: the experiment.
        dataset: photos and tags.
        run: the folder of the last round; those of the others are within it.
        resume: whether rounds may have begun before.
        stop: asked between masks, and before them whether it was asked after the last step of `train`.

    Returns:
        The network of the last round.

    Raises:
        UserError: `TF_CONFIG` names several processes, masks of two photos would have one name, or a photo cannot be
            read; or from `train`.
        Stopped: a signal asked to stop.
    """
    number = config.self_supervision.rounds - 1
    if number == 0:
        return train(config, run)
    if several_workers():
        raise UserError(
            "several self_supervision.rounds are for one process, and TF_CONFIG names several: set it to 1, or see "
            "docs/training.md"
        )
    earlier = run.round(number)
    if not run.is_run:
        # before hours are spent: a folder that is not free, and photos whose masks would have one name
        run.check(config, dataset.class_names, resume=True)
        photos_of_split(dataset, config.data.train_split, earlier.pseudo_masks)
        before = _round(config, number)
        if earlier.weights.is_file():
            earlier.check(_as_trained(before, earlier), dataset.class_names, resume)
        else:
            print(f"round {number} of {number + 1}: {earlier.root}")
            train_in_rounds(train, before, dataset, earlier, resume, stop)
        make_pseudo_masks(earlier, dataset, config, stop)
        keras.backend.clear_session()
        print(f"round {number + 1} of {number + 1}: {run.root}")
    return train(_as_trained(config, run), run)


def make_pseudo_masks(run: RunFolder, dataset: Dataset, config: ExperimentConfig, stop: StopOnSignal) -> None:
    """Writes a trained network's masks of the training photos into its run's folder; those that are there stay.

    Args:
        run: of the network.
        dataset: photos and tags.
        config: of the round that will learn from them: its inference, but for the sliding window, with which masks
            teach no better (benchmarks/photo_size.md), and for GrabCut's margin; and what to do about photos that
            cannot be read.
        stop: asked between photos.

    Raises:
        UserError: a photo cannot be read, with `data.on_bad_image` error.
        Stopped: a signal asked to stop.
    """
    with stop:
        stop.stop_if_asked("the round is trained")
        unreadable = _write_masks(run, dataset, config, stop)
    if unreadable and config.data.on_bad_image == "error":
        raise UserError("; ".join(unreadable))


def _write_masks(run: RunFolder, dataset: Dataset, config: ExperimentConfig, stop: StopOnSignal) -> list[str]:
    """Writes the masks that are missing; returns what is wrong with photos that cannot be read."""
    precision = resolved(config.inference.precision)
    inference = replace(config.inference, classes="tags", window_scales=(), grab_cut_margin=0.0, precision=precision)
    trained = load_trained(run.root).in_precision(inference.precision)
    made_with = {"weights_sha256": trained.weights_sha256, "inference": asdict(inference)}
    anew = f"delete {run.pseudo_masks}, and training makes its masks anew"
    write_record(run.pseudo_masks, made_with, resume=True, anew=anew)
    jobs = photos_of_split(dataset, config.data.train_split, run.pseudo_masks, with_tags=True)
    tagged = [job for job in jobs if _is_tagged(dataset, job.name)]
    left = {job.name: job for job in tagged if not job.mask.is_file()}
    predict, unreadable = with_crf_processes(Predictor(trained.model, inference)), []
    done = len(tagged) - len(left)
    with tqdm(total=len(tagged), initial=done, desc="pseudo masks", unit="photo") as bar:
        for photo, prediction in predict(readable(list(left.values()), unreadable)):
            write_mask(left[photo.name].mask, prediction.labels)
            bar.update()
            stop.stop_if_asked(f"{bar.n} of {bar.total} pseudo masks are written")
    return unreadable


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
    made = run.round(config.self_supervision.rounds - 1).pseudo_masks
    masks = {**(config.data.pseudo_masks or {}), str(made): "hard"}
    return replace(config, data=replace(config.data, pseudo_masks=masks))


def _round(config: ExperimentConfig, number: int) -> ExperimentConfig:
    """The experiment whose last round is an earlier one, of one network: masks of several teach no better.

    (benchmarks/rounds.md, "Other ways to learn from the masks between rounds")
    """
    earlier = replace(config.self_supervision, rounds=number)
    return replace(config, self_supervision=earlier, model=replace(config.model, networks=1))
