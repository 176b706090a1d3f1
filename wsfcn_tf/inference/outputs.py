"""What predicting leaves behind: a palette mask and an overlay per photo, probabilities if wanted, and a record.

NAME.png            labels, with VOC's palette
NAME_overlay.jpg    the photo under its labels
NAME.npz            with `probabilities`: `masks` float16 [H, W, 1+C] before rules and CRF, `scores` float32 [C]
prediction.json     how they were made: what `resume` goes by
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_json
from wsfcn_tf.inference.photos import Job, overlay_of
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import Photo
from wsfcn_tf.visualisation.overlays import overlay, save_image

RECORD = "prediction.json"


Found = Callable[[Prediction], str]  # the line about a prediction, see `describe`


def predict_jobs(
    predict: Callable[[Iterable[Photo]], Iterator[tuple[Photo, Prediction | UserError]]],
    jobs: Sequence[Job],
    found: Found,
    *,
    probabilities: bool,
    resume: bool,
) -> list[Path]:
    """Predicts photos, writes their files, each complete or absent, and prints what was found in them.

    Args:
        predict: a `Predict`, or one that gives a UserError in the place of a photo it refuses, which leaves that out.
        jobs: the photos.
        found: the line about a prediction.
        probabilities: whether to write NAME.npz, too.
        resume: leave alone the photos whose files are all there.

    Returns:
        The masks written, of this run and, with `resume`, of those before.

    Raises:
        UserError: photos that cannot be read or were refused, raised when all others are done; or from the predictor.
    """
    left = [job for job in jobs if not (resume and _is_done(job.mask, probabilities))]
    if len(left) < len(jobs):
        print(f"{len(jobs) - len(left)} of {len(jobs)} photos are done already")
    mask_of = {job.name: job.mask for job in left}
    unreadable: list[str] = []
    with tqdm(total=len(left), desc="predict", unit="photo") as bar:
        for photo, prediction in predict(_readable(left, unreadable)):
            bar.update()
            if isinstance(prediction, UserError):
                _leave_out(photo.name, prediction, unreadable)
                continue
            _write(mask_of[photo.name], photo.image, prediction, probabilities)
            bar.write(f"{photo.name}: {found(prediction)}")
    if unreadable:
        raise UserError(f"{len(unreadable)} of {len(jobs)} photos left out, all others done: {'; '.join(unreadable)}")
    return [job.mask for job in jobs]


def write_record(output_dir: str | Path, record: Mapping[str, Any], *, resume: bool) -> None:
    """Writes the record of how a folder's files are made.

    Args:
        output_dir: the folder; made if need be.
        record: plain values.
        resume: whether files that are there already stay.

    Raises:
        UserError: with `resume`, files there were made in another way: they and new ones would not belong together.
    """
    path = Path(output_dir) / RECORD
    if resume and path.is_file():
        try:
            earlier = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UserError(f"{path}: cannot be read: predict without --resume, which writes all anew") from None
        for key in record:
            if earlier.get(key) != json.loads(json.dumps(record[key])):
                raise UserError(
                    f"{path}: what is there was made with {key} {json.dumps(earlier.get(key))}, this would be with "
                    f"{json.dumps(record[key])}: choose another --output, or predict without --resume"
                )
    write_json(path, dict(record))


def describe(prediction: Prediction, class_names: Sequence[str]) -> str:
    """The classes that have pixels, with their scores: "cat 0.98, dog 0.41"; "nothing found" if there are none."""
    found = (label for label in np.unique(prediction.labels) if label > 0)
    return ", ".join(f"{class_names[i - 1]} {prediction.scores[i - 1]:.2f}" for i in found) or "nothing found"


def _readable(jobs: Sequence[Job], unreadable: list[str]) -> Iterator[Photo]:
    """The photos one after the other; what is wrong with those that cannot be read goes to `unreadable`."""
    for job in jobs:
        try:
            photo = Photo(job.name, job.image(), job.tags() if job.tags else None, job.file)
        except UserError as error:
            _leave_out(job.name, error, unreadable)
            continue
        yield photo


def _leave_out(name: str, error: UserError, unreadable: list[str]) -> None:
    unreadable.append(str(error))
    tqdm.write(f"{name}: left out")


def _write(mask: Path, image: np.ndarray, prediction: Prediction, probabilities: bool) -> None:
    if probabilities:
        masks = prediction.masks if prediction.raw_masks is None else prediction.raw_masks
        with replacing(mask.with_suffix(".npz")) as temporary:
            np.savez_compressed(temporary, masks=masks.astype(np.float16), scores=prediction.scores)
    save_image(overlay_of(mask), overlay(image, prediction.labels))
    write_mask(mask, prediction.labels)  # last: where it is, all is


def _is_done(mask: Path, probabilities: bool) -> bool:
    return mask.is_file() and overlay_of(mask).is_file() and (not probabilities or mask.with_suffix(".npz").is_file())
