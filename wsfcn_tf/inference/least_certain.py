"""Which photos are worth correcting first: those about whose masks the network is least certain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.data.annotations.form import Parts
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.tables import write_table
from wsfcn_tf.inference.outputs import readable
from wsfcn_tf.inference.photos import Job
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.uncertainty import Uncertainty, uncertainty

TABLE = "least_certain.csv"
_HEADER = ("photo", "uncertainty", "entropy", "disagreement", "class")
_TOLD = 5  # photos in the line about all

# a photo, uint8 RGB [H, W, 3], in; masks [H, W, 1 + C] of its views out
Views = Callable[[np.ndarray], Iterator[np.ndarray]]


class Ranked(NamedTuple):
    """A photo and how uncertain its mask is."""

    job: Job
    uncertainty: Uncertainty


def views_of(model: Callable[..., Mapping[str, tf.Tensor]], config: InferenceConfig) -> Views:
    """The network's own masks of each view, before rules and CRF.

    They are those of `inference.scales`, each with its mirror image if `inference.flip` asks for it, or if there would
    be one view only, which could not disagree with another.
    """
    single = Predictor(model, replace(config, flip=False))
    mirrored = config.flip or len(config.scales) == 1

    def views(image: np.ndarray) -> Iterator[np.ndarray]:
        for scale in config.scales:
            yield single.at_scale(image, scale).masks
            if mirrored:
                yield single.at_scale(np.ascontiguousarray(image[:, ::-1]), scale).masks[:, ::-1]

    return views


class Measured:
    """What was measured of photos, kept in hidden files below OUTPUT as annotations' parts are.

    Args:
        output: the folder, in which `Job.mask` is.
        resume: whether what an earlier process measured counts, with the same network and settings; else it is deleted.
    """

    def __init__(self, output: str | Path, resume: bool) -> None:
        self._output = Path(output)
        self._parts = Parts(self._output, "certainty")
        if not resume:
            self._parts.clear()

    def of(self, job: Job) -> Uncertainty | None:
        """A photo's; None if it is not known yet. Raises UserError if its file is broken."""
        name = self._name(job)
        return Uncertainty(*self._parts.of([name])[0]) if self._parts.has(name) else None

    def put(self, job: Job, found: Uncertainty) -> None:
        """Keeps a photo's."""
        self._parts.put(self._name(job), list(found))

    def _name(self, job: Job) -> str:
        return job.mask.relative_to(self._output).with_suffix("").as_posix()


def rank(views: Views, jobs: Sequence[Job], measured: Measured) -> tuple[list[Ranked], list[str]]:
    """Orders photos by their uncertainty, the least certain first; of two that are equal, as they were given.

    Args:
        views: gives the masks of a photo's views.
        jobs: the photos.
        measured: knows some of them already, and is told of the others one by one.

    Returns:
        The photos, and what is wrong with those that were left out: they cannot be read, or a view is refused.
    """
    unreadable, job_of = [], {job.name: job for job in jobs}
    known = {job.name: found for job in jobs if (found := measured.of(job)) is not None}
    left = [job for job in jobs if job.name not in known]
    with tqdm(total=len(jobs), initial=len(known), desc="certainty", unit="photo") as bar:
        for photo in readable(left, unreadable):
            try:
                known[photo.name] = uncertainty(views(photo.image))
                measured.put(job_of[photo.name], known[photo.name])
            except UserError as error:
                unreadable.append(f"{photo.name}: {error}")
            bar.update()
    ranked = [Ranked(job, known[job.name]) for job in jobs if job.name in known]
    return sorted(ranked, key=lambda one: -one.uncertainty.total), unreadable


def write_ranking(output: str | Path, ranked: Sequence[Ranked], class_names: Sequence[str]) -> Path:
    """Writes OUTPUT/least_certain.csv, a row for each photo, the least certain first.

    The class is the one that most of the uncertainty is about; empty where there is none.
    """
    rows = [
        (job.name, f"{found.total:.4f}", f"{found.entropy:.4f}", f"{found.disagreement:.4f}", name(found, class_names))
        for job, found in ranked
    ]
    path = Path(output) / TABLE
    write_table(path, _HEADER, rows)
    return path


def describe_ranking(ranked: Sequence[Ranked], class_names: Sequence[str]) -> str:
    """The first photos, as "a.jpg 0.31 (cat), b.jpg 0.28 (dog) and 3 more"."""
    told = [
        f"{job.name} {found.total:.2f}" + (f" ({name(found, class_names)})" if found.label else "")
        for job, found in ranked[:_TOLD]
    ]
    more = f" and {len(ranked) - _TOLD} more" if len(ranked) > _TOLD else ""
    return ", ".join(told) + more


def name(found: Uncertainty, class_names: Sequence[str]) -> str:
    """The class that uncertainty is about; empty if there is none."""
    return class_names[found.label - 1] if found.label else ""
