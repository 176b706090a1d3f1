"""Predictions in the form of a tool, for people to correct, and the photos beside them if wanted."""

import filecmp
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np

from wsfcn_tf.data.annotations.form import Form, Options
from wsfcn_tf.data.annotations.forms import FORMS
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.prepare.prepared_folder import link_or_copy
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.outputs import RECORD
from wsfcn_tf.inference.photos import Job
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.visualisation.overlays import save_image

_SUFFIX = ".png"  # of a photo that is no file


class AnnotationOutput:
    """An `Output` in one of `FORMS`.

    Args:
        form: the form.
        output: its folder, in which `Job.mask` is.
        class_names: of the foreground.
        with_photos: whether photos are put there, too: as hard links where the file system allows it, else copied.
    """

    def __init__(self, form: Form, output: Path, class_names: Sequence[str], with_photos: bool) -> None:
        self._form, self._output, self._class_names, self._with_photos = form, output, class_names, with_photos

    @property
    def told(self) -> Path:
        """What to tell the user about: a file, or the folder."""
        return self._form.told

    def is_done(self, job: Job) -> bool:
        """See `Output`."""
        return self._form.has(self._name(job))

    def write(self, job: Job, image: np.ndarray, prediction: Prediction) -> None:
        """See `Output`."""
        if self._with_photos:
            self._add_photo(job, image)
        names = (self._name(job), self._file_name(job))
        found = (prediction.labels, prediction.scores, self._class_names)
        self._form.write(LabelledPhoto(*names, *found, job.file))

    def finish(self, jobs: Sequence[Job]) -> None:
        """See `Output`."""
        self._form.finish([self._name(job) for job in jobs])

    def _add_photo(self, job: Job, image: np.ndarray) -> None:
        target = self._form.photos / self._file_name(job)
        if job.file is None:
            save_image(target, image)
        elif not target.exists():
            link_or_copy(job.file, target, copy=False)
        elif not filecmp.cmp(job.file, target, shallow=False):
            raise UserError(f"{target}: is there already, and is not {job.file}: choose another --output")

    def _name(self, job: Job) -> str:
        return job.mask.relative_to(self._output).with_suffix("").as_posix()

    def _file_name(self, job: Job) -> str:
        return self._name(job) + (_SUFFIX if job.file is None else job.file.suffix)


def open_annotations(
    form: str,
    output: str | Path,
    class_names: Sequence[str],
    jobs: Sequence[Job],
    options: Options,
    *,
    with_photos: bool,
    resume: bool,
) -> AnnotationOutput:
    """What writes predictions in a form.

    Args:
        form: one of `FORMS`.
        output: the folder.
        class_names: of the foreground.
        jobs: the photos.
        options: how regions are written.
        with_photos: as of `AnnotationOutput`.
        resume: whether files that are there already stay.

    Raises:
        UserError: what is there is not this command's, or may be a person's corrections; or the tool could not find the
            photos.
    """
    output = Path(output)
    if form == "label-studio" and not options.photo_prefix:
        if not with_photos:
            raise UserError(
                "Label Studio opens photos by their addresses: add --with-photos, or say what these begin with by "
                "--photo-prefix, such as https://example.com/photos/"
            )
        options = Options(options.tolerance, options.run_lengths, _local_address(output))
    if not with_photos and jobs and all(job.file is None for job in jobs):
        raise UserError("the photos of this data are not files that another tool could open: add --with-photos")
    files = FORMS[form](output, class_names, options)
    opened = AnnotationOutput(files, output, class_names, with_photos)
    if files.told.is_file() and not (output / RECORD).exists():
        raise UserError(f"{files.told}: is there already, and predict did not write it: choose another --output")
    there = next((job.name for job in jobs if files.is_edited_there and opened.is_done(job)), None)
    if there is not None and not resume:
        raise UserError(
            f"{there}: has annotations in {output} already, which may have been corrected: choose another --output, or "
            "add --resume, which leaves them alone"
        )
    return opened


def _local_address(output: Path) -> str:
    """Where Label Studio serves OUTPUT/images if the folder above OUTPUT is its document root."""
    return f"/data/local-files/?d={quote(output.resolve().name)}/images/"
