"""What predicting leaves behind: a palette mask and an overlay per photo, probabilities if wanted, and a record.

NAME.png            labels, with VOC's palette
NAME_overlay.jpg    the photo under its labels
NAME.npz            `WithProbabilities`: `masks` float16 [H, W, 1+C] before rules and CRF, `scores` float32 [C]
prediction.json     how they were made: what `resume` goes by
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.reading import lay_mapping_over
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_json
from wsfcn_tf.inference.photos import Job, overlay_of
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import Photo
from wsfcn_tf.inference.views import masks_at
from wsfcn_tf.visualisation.overlays import overlay, save_image

RECORD = "prediction.json"


Found = Callable[[Prediction], str]  # the line about a prediction, see `describe`


class Output(Protocol):
    """What is written of each photo."""

    def is_done(self, job: Job) -> bool:
        """Whether all of a photo's files are there."""

    def write(self, job: Job, image: np.ndarray, prediction: Prediction) -> None:
        """Writes a photo's files, each complete or absent; `image` is uint8 RGB [H, W, 3]."""

    def finish(self, jobs: Sequence[Job]) -> None:
        """Writes what belongs to all photos, of which `jobs` are done."""


class MasksAndOverlays:
    """NAME.png and NAME_overlay.jpg; an `Output`."""

    def is_done(self, job: Job) -> bool:
        """See `Output`."""
        return job.mask.is_file() and overlay_of(job.mask).is_file()

    def write(self, job: Job, image: np.ndarray, prediction: Prediction) -> None:
        """See `Output`."""
        save_image(overlay_of(job.mask), overlay(image, prediction.labels))
        write_mask(job.mask, prediction.labels)  # last: where it is, all is

    def finish(self, jobs: Sequence[Job]) -> None:
        """See `Output`."""


class WithProbabilities:
    """NAME.npz beside what another writes; an `Output`.

    Args:
        output: the other.
    """

    def __init__(self, output: Output) -> None:
        self._output = output

    def is_done(self, job: Job) -> bool:
        """See `Output`."""
        return self._output.is_done(job) and probabilities_of(job.mask).is_file()

    def write(self, job: Job, image: np.ndarray, prediction: Prediction) -> None:
        """See `Output`."""
        masks = prediction.masks if prediction.raw_masks is None else prediction.raw_masks
        masks = masks_at(masks, prediction.labels.shape)
        with replacing(probabilities_of(job.mask)) as temporary:
            np.savez_compressed(temporary, masks=masks.astype(np.float16), scores=prediction.scores)
        self._output.write(job, image, prediction)

    def finish(self, jobs: Sequence[Job]) -> None:
        """See `Output`."""
        self._output.finish(jobs)


def probabilities_of(mask: Path) -> Path:
    """The probabilities' file beside a mask's."""
    return mask.with_suffix(".npz")


def predict_jobs(
    predict: Callable[[Iterable[Photo]], Iterator[tuple[Photo, Prediction | UserError]]],
    jobs: Sequence[Job],
    found: Found,
    *,
    resume: bool,
    output: Output | None = None,
) -> list[Path]:
    """Predicts photos, writes their files, each complete or absent, and prints what was found in them.

    Args:
        predict: a `Predict`, or one that gives a UserError in the place of a photo it refuses, which leaves that out.
        jobs: the photos.
        found: the line about a prediction.
        resume: leave alone the photos whose files are all there.
        output: what to write of each; masks and overlays if not given.

    Returns:
        The masks written, of this run and, with `resume`, of those before; the paths that they would have, if `output`
        writes something else.

    Raises:
        UserError: photos that cannot be read or were refused, raised when all others are done; or from the predictor.
    """
    output = output or MasksAndOverlays()
    return write_all(partial(written, predict, found, output), jobs, output, resume=resume)


def written(
    predict: Callable[[Iterable[Photo]], Iterator[tuple[Photo, Prediction | UserError]]],
    found: Found,
    output: Output,
    jobs: Sequence[Job],
) -> Iterator[tuple[Job, str | UserError]]:
    """Predicts photos and writes their files as they are asked for.

    Args:
        predict, found, output, jobs: as of `predict_jobs`.

    Returns:
        Each photo when it is done: what was found in it, or why it is left out.
    """
    job_of = {job.name: job for job in jobs}
    unreadable: deque[tuple[Job, UserError]] = deque()

    def photos() -> Iterator[Photo]:
        for job in jobs:
            try:
                yield read(job)
            except UserError as error:
                unreadable.append((job, error))

    for photo, prediction in predict(photos()):
        while unreadable:
            yield unreadable.popleft()
        job = job_of[photo.name]
        if isinstance(prediction, UserError):
            yield job, prediction
            continue
        output.write(job, photo.image, prediction)
        yield job, found(prediction)
    yield from unreadable


def write_all(
    write: Callable[[Sequence[Job]], Iterator[tuple[Job, str | UserError]]],
    jobs: Sequence[Job],
    output: Output,
    *,
    resume: bool,
) -> list[Path]:
    """What `predict_jobs` does, whoever writes the photos' files.

    Args:
        write: as `written` does.
        jobs, output, resume: as of `predict_jobs`.
    """
    left = [job for job in jobs if not (resume and output.is_done(job))]
    if len(left) < len(jobs):
        print(f"{len(jobs) - len(left)} of {len(jobs)} photos are done already")
    left_out: dict[str, UserError] = {}
    with tqdm(total=len(left), desc="predict", unit="photo") as bar:
        for job, told in write(left):
            bar.update()
            if isinstance(told, UserError):
                left_out[job.name] = told
                told = "left out"
            bar.write(f"{job.name}: {told}")
    output.finish([job for job in jobs if job.name not in left_out])
    if left_out:
        reasons = "; ".join(map(str, left_out.values()))
        raise UserError(f"{len(left_out)} of {len(jobs)} photos left out, all others done: {reasons}")
    return [job.mask for job in jobs]


def write_record(
    output_dir: str | Path,
    record: Mapping[str, Any],
    *,
    resume: bool,
    anew: str = "predict without --resume, which writes all anew",
) -> None:
    """Writes the record of how a folder's files are made.

    Args:
        output_dir: the folder; made if need be.
        record: plain values.
        resume: whether files that are there already stay.
        anew: how whoever reads the error has all of them written again.

    Raises:
        UserError: with `resume`, files there were made in another way: they and new ones would not belong together.
    """
    path = Path(output_dir) / RECORD
    if resume and path.is_file():
        try:
            earlier = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UserError(f"{path}: cannot be read: {anew}") from None
        different = next(_differences(_as_read_today(earlier, path, anew), json.loads(json.dumps(record))), None)
        if different:
            key, was, would_be = different
            raise UserError(
                f"{path}: what is there was made with {key} {json.dumps(was)}, this would be with "
                f"{json.dumps(would_be)}: choose another --output, or {anew}"
            )
    write_json(path, dict(record))


def _as_read_today(record: dict[str, Any], path: Path, anew: str) -> dict[str, Any]:
    """A record by an earlier version: keys that it did not know have their defaults, which change nothing."""
    if "inference" not in record:
        return record
    try:
        inference = lay_mapping_over(ExperimentConfig(), {"inference": record["inference"]}, str(path)).inference
    except UserError as error:
        raise UserError(f"{error}: {anew}") from None
    return record | {"inference": json.loads(json.dumps(asdict(inference)))}


def _differences(was: Any, would_be: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """What differs of the keys of `would_be`, each named with its section: (key, earlier value, value)."""
    if isinstance(was, dict) and isinstance(would_be, dict):
        for name, value in would_be.items():
            yield from _differences(was.get(name), value, f"{key}.{name}" if key else name)
    elif was != would_be:
        yield key, was, would_be


def describe(prediction: Prediction, class_names: Sequence[str]) -> str:
    """The classes that have pixels, with their scores: "cat 0.98, dog 0.41"; "nothing found" if there are none."""
    found = (label for label in np.unique(prediction.labels) if label > 0)
    return ", ".join(f"{class_names[i - 1]} {prediction.scores[i - 1]:.2f}" for i in found) or "nothing found"


def readable(jobs: Sequence[Job], unreadable: list[str]) -> Iterator[Photo]:
    """The photos one after the other; what is wrong with those that cannot be read goes to `unreadable`."""
    for job in jobs:
        try:
            photo = read(job)
        except UserError as error:
            unreadable.append(str(error))
            tqdm.write(f"{job.name}: left out")
            continue
        yield photo


def read(job: Job) -> Photo:
    """A job's photo, with its tags where they are wanted. Raises UserError if it cannot be read."""
    return Photo(job.name, job.image(), job.tags() if job.tags else None, job.file)
