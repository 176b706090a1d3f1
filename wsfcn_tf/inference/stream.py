"""Predicting many photos: the network here; saliency, GrabCut and CRF of the photos before beside it."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.crf import dense_crf, refined, to_refine
from wsfcn_tf.inference.photo_cues import uses_photo_cues, with_photo_cues
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.views import in_own_size, looked_at
from wsfcn_tf.processes import process_pool


class Photo(NamedTuple):
    """A photo to predict.

    Attributes:
        name: what messages call it.
        image: uint8 RGB [H, W, 3].
        tags: float32 [C] in {0, 1} where they are known and wanted.
        file: where the photo comes from, if it is a file.
    """

    name: str
    image: np.ndarray
    tags: np.ndarray | None = None
    file: Path | None = None


# Photos in, photos with their predictions out, in the same order; a few may be read ahead.
Predict = Callable[[Iterable[Photo]], Iterator[tuple[Photo, Prediction]]]


class SplitPredictor(Protocol):
    """What `with_crf_processes` needs: `Predictor` has it."""

    config: InferenceConfig

    def by_rules(self, image: np.ndarray, tags: np.ndarray | None) -> Prediction:
        """A photo's prediction by the rules alone, as `Predictor.by_rules`."""


def one_by_one(predict: Callable[[np.ndarray], Prediction]) -> Predict:
    """A predictor of single images, which needs no tags, as a `Predict`."""
    return lambda photos: ((photo, predict(photo.image)) for photo in photos)


def with_crf_processes(predictor: SplitPredictor, processes: int | None = None) -> Predict:
    """A network's predictor as a `Predict`; its CRF runs in processes of its own, saliency and GrabCut in threads.

    Results do not depend on how many. At most as many photos as processes wait for their saliency, and twice as many
    for their CRF. A process that dies is replaced, and its photos are tried once more, each in a process of its own.

    Args:
        predictor: the network and its rules.
        processes: how many, and how many threads; None takes one per core.

    Returns:
        What raises UserError, naming the photo, when its CRF's process dies twice or the predictor refuses it.
    """

    def predict(photos: Iterable[Photo]) -> Iterator[tuple[Photo, Prediction]]:
        number = processes or os.cpu_count() or 1
        with CRFPool(predictor.config.crf, number) as pool:
            yield from with_crf_pool(predictor, pool, number)(photos)

    return predict


def with_crf_pool(predictor: SplitPredictor, pool: "CRFPool", threads: int) -> Predict:
    """As `with_crf_processes`, with processes that the caller keeps: they can serve many calls."""
    return partial(_predict, predictor, pool, threads)


def _predict(
    predictor: SplitPredictor, pool: "CRFPool", threads: int, photos: Iterable[Photo]
) -> Iterator[tuple[Photo, Prediction]]:
    config = predictor.config
    predictions = ((photo, _by_rules(predictor, photo)) for photo in photos)
    if uses_photo_cues(config):
        predictions = _with_photo_cues(predictions, config, threads)
    if config.crf.iterations > 0:
        predictions = _with_crf(predictions, config, pool)
    return ((photo, in_own_size(prediction, photo.image.shape[:2])) for photo, prediction in predictions)


def _with_photo_cues(
    predictions: Iterable[tuple[Photo, Prediction]], config: InferenceConfig, threads: int
) -> Iterator[tuple[Photo, Prediction]]:
    """Numba and OpenCV work without Python's lock, while the network is at the next photo."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[Photo, Future]] = deque()
        for photo, prediction in predictions:
            image = looked_at(photo.image, config.photo_side)
            waiting.append((photo, pool.submit(with_photo_cues, image, prediction, config)))
            while len(waiting) > threads or (waiting and waiting[0][1].done()):
                photo, future = waiting.popleft()
                yield photo, future.result()
        for photo, future in waiting:
            yield photo, future.result()


def _with_crf(
    predictions: Iterable[tuple[Photo, Prediction]], config: InferenceConfig, pool: "CRFPool"
) -> Iterator[tuple[Photo, Prediction]]:
    waiting: deque[_Job] = deque()
    for photo, prediction in predictions:
        waiting.append(pool.submit(photo, looked_at(photo.image, config.photo_side), prediction))
        while len(waiting) > 2 * pool.processes or (waiting and waiting[0].future.done()):
            yield pool.result(waiting.popleft())
    while waiting:
        yield pool.result(waiting.popleft())


def _by_rules(predictor: SplitPredictor, photo: Photo) -> Prediction:
    try:
        return predictor.by_rules(photo.image, photo.tags)
    except UserError as error:
        raise UserError(f"{photo.name}: {error}") from error


# === The processes ===


def spawned(processes: int) -> Executor:
    """Processes of this machine, one of which starts at once, while the network is traced."""
    executor = process_pool(processes)
    executor.submit(os.getpid)
    return executor


class _Job(NamedTuple):
    """A photo whose CRF was begun: what it gets, the photo as it is looked at, and what will come of it."""

    photo: Photo
    image: np.ndarray
    prediction: Prediction
    channels: np.ndarray
    masks: np.ndarray
    future: Future


class CRFPool:
    """Processes that run the CRF, if there is one; started anew after one has died.

    Args:
        crf: with 0 iterations, nothing is started.
        processes: how many.
        start: starts so many; what it returns raises BrokenProcessPool where one died.
    """

    def __init__(self, crf: CRFConfig, processes: int, start: Callable[[int], Executor] = spawned) -> None:
        self._crf, self.processes, self._start = crf, processes, start
        self._executor = start(processes) if crf.iterations > 0 else None

    def __enter__(self) -> "CRFPool":
        return self

    def __exit__(self, *_: object) -> None:
        """Ends processes of this machine, whatever they are doing."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def submit(self, photo: Photo, image: np.ndarray, prediction: Prediction) -> _Job:
        """Begins to refine a prediction; one that goes without a CRF waits for its turn with nothing to do."""
        if prediction.without_crf:
            done: Future = Future()
            done.set_result(None)
            return _Job(photo, image, prediction, np.empty(0), np.empty(0), done)
        channels, masks = to_refine(prediction, self._crf)
        work = (dense_crf, image, masks, self._crf)
        try:
            future = self._executor.submit(*work)
        except BrokenProcessPool:
            self._executor = self._start(self.processes)
            future = self._executor.submit(*work)
        return _Job(photo, image, prediction, channels, masks, future)

    def result(self, job: _Job) -> tuple[Photo, Prediction]:
        """The refined prediction, tried once more if a process died over it or over another in its pool."""
        if job.prediction.without_crf:
            return job.photo, job.prediction
        try:
            masks = job.future.result()
        except BrokenProcessPool:
            masks = self._alone(job)
        return job.photo, refined(job.prediction, job.channels, masks)

    def _alone(self, job: _Job) -> np.ndarray:
        with self._start(1) as executor:  # of its own, so that what dies again is known to be this photo's
            try:
                return executor.submit(dense_crf, job.image, job.masks, self._crf).result()
            except BrokenProcessPool:
                raise UserError(
                    f"{job.photo.name}: the CRF's process died twice on this photo; is there enough memory? "
                    "--set inference.crf.iterations=0 does without"
                ) from None
