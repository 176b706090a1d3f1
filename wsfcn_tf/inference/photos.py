"""Predicting photos and folders of photos into palette masks and overlays."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from wsfcn_tf.data.dataset import Dataset
from wsfcn_tf.data.images import IMAGE_SUFFIXES, read_image
from wsfcn_tf.data.masks import write_mask
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.visualisation import overlay, save_image


class Stopped(UserError):
    """A predictor's error that no later photo would escape."""


def predict_photos(
    predictor: Callable[[np.ndarray], Prediction],
    paths: Iterable[str | Path],
    output_dir: str | Path,
    class_names: Sequence[str],
) -> list[Path]:
    """Writes NAME.png (palette mask) and NAME_overlay.jpg for every photo, and prints the tags found in it.

    Args:
        predictor: from a photo, uint8 RGB [H, W, 3], to its prediction.
        paths: photos and folders; folders are searched recursively, and their sub-folders kept under `output_dir`.
        output_dir: where to write; created if need be. When it lies inside a searched folder, it is left out.
        class_names: of the foreground classes.

    Returns:
        The masks written.

    Raises:
        UserError: a path that is not there, no photo at all, or a file that would be written twice or over a photo: all
            found before anything is written. Or photos that cannot be read: raised when all others are done.
    """

    def tags(prediction: Prediction) -> str:
        return describe(prediction, class_names)

    return predict_files(lambda image, photo: predictor(image), paths, output_dir, tags)


def predict_files(
    predictor: Callable[[np.ndarray, Path], Prediction],
    paths: Iterable[str | Path],
    output_dir: str | Path,
    tags: Callable[[Prediction], str],
) -> list[Path]:
    """As `predict_photos`, for a predictor that wants the photo's file, too, and for class names it brings itself.

    Args:
        predictor: from a photo, uint8 RGB [H, W, 3], and its file to its prediction. Its UserError is this photo's,
            like one that cannot be read; `Stopped` ends all at once.
        paths: as in `predict_photos`.
        output_dir: as in `predict_photos`.
        tags: what is printed of a prediction.

    Returns:
        The masks written.

    Raises:
        UserError: as `predict_photos`.
    """
    masks = plan([Path(path) for path in paths], Path(output_dir))
    return _write(predictor, {mask: (str(photo), read_image, photo) for photo, mask in masks.items()}, tags)


def predict_split(
    predictor: Callable[[np.ndarray], Prediction],
    dataset: Dataset,
    split: str,
    output_dir: str | Path,
) -> list[Path]:
    """The same for every photo of a dataset's split; masks and overlays are named after the photos.

    Args:
        predictor: from a photo, uint8 RGB [H, W, 3], to its prediction.
        dataset: photos; neither tags nor masks are read.
        split: which of its splits.
        output_dir: where to write; created if need be.

    Returns:
        The masks written.

    Raises:
        UserError: no such split, two photos whose masks would have one name, or, when all others are done, photos that
            cannot be read.
    """
    jobs: dict[Path, _Job] = {}
    for name in dict.fromkeys(dataset.names(split)):
        stem = name.rsplit(".", 1)[0] if name.lower().endswith(IMAGE_SUFFIXES) else name
        mask = Path(output_dir) / f"{stem}.png"
        if mask in jobs:
            raise UserError(f"{jobs[mask][0]} and {name} would both be written to {mask}: rename one of them")
        jobs[mask] = (name, dataset.image, name)

    def tags(prediction: Prediction) -> str:
        return describe(prediction, dataset.class_names)

    return _write(lambda image, name: predictor(image), jobs, tags)


# what a photo is called, and how it is read: a function and its argument
_Job = tuple[str, Callable[[Any], np.ndarray], Any]


def _write(
    predictor: Callable[[np.ndarray, Any], Prediction], jobs: Mapping[Path, _Job], tags: Callable[[Prediction], str]
) -> list[Path]:
    unreadable = []
    for mask, (name, read, source) in tqdm(jobs.items(), desc="predict", unit="photo"):
        try:
            image = read(source)
            prediction = predictor(image, source)
        except Stopped:
            raise
        except UserError as error:
            unreadable.append(str(error))
            tqdm.write(f"{name}: left out")
            continue
        write_mask(mask, prediction.labels)
        save_image(_overlay_of(mask), overlay(image, prediction.labels))
        tqdm.write(f"{name}: {tags(prediction)}")
    if unreadable:
        raise UserError(f"{len(unreadable)} of {len(jobs)} photos left out, all others done: {'; '.join(unreadable)}")
    return list(jobs)


def plan(paths: Sequence[Path], output_dir: Path) -> dict[Path, Path]:
    """From each photo under `paths` to the mask it will be written to; raises as `predict_photos` says."""
    masks = {
        photo: output_dir / name.with_suffix(".png") for path in paths for photo, name in _photos(path, output_dir)
    }
    if not masks:
        raise UserError(f"no photo in {', '.join(map(str, paths))}: looked for {', '.join(sorted(IMAGE_SUFFIXES))}")
    photos = {photo.resolve() for photo in masks}
    photo_of: dict[Path, Path] = {}
    for photo, mask in masks.items():
        if mask in photo_of:
            raise UserError(f"{photo_of[mask]} and {photo} would both be written to {mask}: rename one of them")
        photo_of[mask] = photo
        for written in (mask, _overlay_of(mask)):
            if written.resolve() in photos:
                raise UserError(f"{written} is a photo that predicting {photo} would overwrite: choose another output")
    return masks


def describe(prediction: Prediction, class_names: Sequence[str]) -> str:
    """The classes that have pixels, with their scores: "cat 0.98, dog 0.41"; "nothing found" if there are none."""
    found = (label for label in np.unique(prediction.labels) if label > 0)
    return ", ".join(f"{class_names[i - 1]} {prediction.scores[i - 1]:.2f}" for i in found) or "nothing found"


def _photos(path: Path, output_dir: Path) -> Iterator[tuple[Path, Path]]:
    """The photos at `path`, each with the name it has below `path`."""
    output_dir = output_dir.resolve()
    if path.is_file():
        yield path, Path(path.name)
    elif not path.is_dir():
        raise UserError(f"{path}: no such photo or folder")
    elif path.resolve() == output_dir:
        raise UserError(f"{path} is searched for photos and is also the output: choose another output folder")
    else:
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file() and output_dir not in file.resolve().parents:
                yield file, file.relative_to(path)


def _overlay_of(mask: Path) -> Path:
    return mask.with_name(f"{mask.stem}_overlay.jpg")
