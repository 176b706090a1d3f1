"""Scoring masks that are there as files, whoever made them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.masks.png import IGNORE, read_mask
from wsfcn_tf.data.photos.file_finder import FileFinder, stem_of, walk_files
from wsfcn_tf.errors import UserError, some
from wsfcn_tf.evaluation.metrics.accumulator import Accumulator
from wsfcn_tf.evaluation.metrics.results import Metrics


def evaluate_masks(
    folder: str | Path, dataset: VocFolder | TaggedFolder, split: str, *, progress: bool = True
) -> Metrics:
    """Compares a folder's index or palette PNGs, named after the photos, with the true masks of a split.

    Photos are not read. PNGs of photos of other splits may lie in the folder, too.

    Args:
        folder: where the PNGs are; for photos in sub-folders, in sub-folders of the same names.
        dataset: photos and masks.
        split: which of its splits.
        progress: whether to show a progress bar.

    Returns:
        The metrics; without scores of images, mAP is NaN.

    Raises:
        UserError: a PNG is missing, is not named after a photo, is no index PNG, has another size than the true mask or
            holds a label that is no class; the message names it. Or from the dataset.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder of masks")
    names = dataset.names(split)
    files = _files(folder, dataset.photo_folder, names)
    accumulator = Accumulator(dataset.class_names)
    for name, file in tqdm(zip(names, files, strict=True), "evaluate", len(names), unit="mask", disable=not progress):
        truth = dataset.mask(name)
        accumulator.add(name, truth, _read(folder / file, truth.shape, len(dataset.class_names)), None)
    return accumulator.metrics()


def _files(folder: Path, photo_folder: Path, names: Sequence[str]) -> list[str]:
    """The photos' PNGs, relative to `folder`. Raises UserError, which names all kinds of mistakes, if any."""
    finder, photos = FileFinder(folder, (".png",)), FileFinder(photo_folder)
    found = [finder.find(stem_of(name)) for name in names]
    missing = [name for name, file in zip(names, found, strict=True) if file is None]
    strangers = [file for file in walk_files(folder, (), (".png",)) if photos.find(stem_of(file)) is None]
    mistakes = []
    if missing:
        mistakes.append(f"there is no PNG of {some(missing)} ({len(missing)} of {len(names)} photos)")
    if strangers:
        mistakes.append(f"{some(strangers)} {'is' if len(strangers) == 1 else 'are'} named after no photo")
    if mistakes:
        raise UserError(f"{folder}: {'; '.join(mistakes)}: each PNG has to have its photo's name")
    return [file for file in found if file is not None]


def _read(path: Path, shape: tuple[int, ...], num_classes: int) -> np.ndarray:
    labels = read_mask(path, num_classes)
    if labels.shape != shape:
        (height, width), (true_height, true_width) = labels.shape, shape
        raise UserError(
            f"{path}: is {width}x{height} pixels, but the true mask {true_width}x{true_height}: "
            "a mask has to have its photo's size"
        )
    if (labels == IGNORE).any():
        raise UserError(
            f"{path}: label {IGNORE} is outside the classes (0 to {num_classes}): a prediction may not leave pixels out"
        )
    return labels
