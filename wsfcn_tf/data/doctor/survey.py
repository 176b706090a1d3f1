"""Everything that the checks need to know about a folder, read once and by several threads."""

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.datasets.opening import AnyFolder, Opened, open_layout, words
from wsfcn_tf.data.datasets.tagged import MASKS
from wsfcn_tf.data.doctor.findings import counted
from wsfcn_tf.data.doctor.looks import alike, look_of
from wsfcn_tf.data.doctor.mask_contents import stored_in
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.recognise import NATIVE
from wsfcn_tf.data.masks.legend import LABELMAP
from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.masks.sources import LEGEND_FILE, MaskFiles
from wsfcn_tf.data.photos.file_finder import FileFinder, stem_of, walk_files
from wsfcn_tf.data.photos.images import read_bytes, read_image
from wsfcn_tf.errors import UserError

_ORIENTATION = 0x0112  # EXIF's tag
_MASK_FOLDERS = {"voc": "SegmentationClass", "tagged": MASKS}


@dataclass(frozen=True)
class PhotoFacts:
    """One photo: height and width as training sees it, EXIF's orientation (1: upright), a digest of its pixels.

    `look` is `looks.look_of`.
    """

    size: tuple[int, int] | None = None
    orientation: int = 1
    digest: str = ""
    look: int | None = None
    problem: str | None = None


@dataclass(frozen=True)
class MaskFacts:
    """One mask: its height and width, the names of the classes in it, and whether some of it is to be ignored.

    `known` is the share of what is not. Of one that says nothing about classes, the values, or else the colours as
    #rrggbb, that its file holds.
    """

    size: tuple[int, int] | None = None
    classes: frozenset[str] = frozenset()
    problem: str | None = None
    ignores: bool = False
    values: frozenset[int] = frozenset()
    colours: frozenset[str] = frozenset()
    known: float = 1.0


@dataclass(frozen=True)
class Survey:
    """A folder as it is.

    Attributes:
        root: the folder.
        layout: "voc" or "tagged", or the name of another tool's layout.
        class_names: of the foreground.
        splits: from the splits to their photos' names.
        tags: from photos to the names of the classes they show, where that is known.
        photos: of every split.
        masks: of the photos that have one.
        mistakes: what is wrong in tag files and lists, one message each.
        unnamed: photos in the folder that no split has.
        orphans: mask files whose photo is not there.
        not_outlined: of another tool's photos that have no mask, the first thing that has no outline.
        alike: groups of photos that look alike, by `looks.alike`.
        known: of the training photos with masks, strokes, points or boxes: the share of pixels that training with
            `data.masks: train` knows.
        path_of: from a photo's name to its file.
        told: what the folder was recognised as and why, and what was left out, a line each.
    """

    root: Path
    layout: str
    class_names: tuple[str, ...]
    splits: dict[str, tuple[str, ...]]
    tags: dict[str, frozenset[str]]
    photos: dict[str, PhotoFacts]
    masks: dict[str, MaskFacts]
    mistakes: tuple[str, ...]
    unnamed: tuple[str, ...]
    orphans: tuple[str, ...]
    told: tuple[str, ...] = ()
    not_outlined: Mapping[str, str] = field(default_factory=dict)
    alike: tuple[tuple[str, ...], ...] = ()
    known: Mapping[str, float] = field(default_factory=dict)
    path_of: Callable[[str], Path] = Path


def is_training(split: str) -> bool:
    """Whether a split's photos need tags: "train", "trainval", "train_aug"."""
    return "train" in split


def survey(
    root: str | Path,
    workers: int | None = None,
    progress: bool = True,
    mask_values: Mapping[int, str] | None = None,
    layout: str = "auto",
    choices: Choices = Choices(),  # noqa: B008  it is frozen
) -> Survey:
    """Reads a folder: photos, tags and masks.

    Args:
        root: the folder; nothing in it is changed.
        layout: as of `open_layout`.
        choices: as of `open_layout`.
        workers: threads that read photos and masks; None takes one for each core.
        progress: whether to show progress bars.
        mask_values: what masks' values mean, as `data.mask_values`.

    Raises:
        UserError: there is no such folder, or it cannot be told what is in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise UserError(f"{root}: there is no such folder")
    mistakes: list[str] = []
    opened = _open(root, layout, choices, mistakes, mask_values)
    folder = opened.folder
    splits = _splits(folder, mistakes)
    names = list(dict.fromkeys(name for split in splits.values() for name in split))
    in_parallel = _Parallel(workers or os.cpu_count() or 1, progress)
    photos = in_parallel("photos", lambda name: examine_photo(folder.path(name)), names)
    masked = [name for name in names if _has_mask(folder, name, mistakes)]
    masks = in_parallel("masks", lambda name: _examine_mask(folder, name), masked)
    trained_on = dict.fromkeys(name for split, names in splits.items() if is_training(split) for name in names)
    shares = in_parallel("known pixels", lambda name: _known_share(folder, name, masks, mistakes), list(trained_on))
    leave_out = (MASKS,) if folder.layout == "tagged" else ()
    named = {folder.path(name) for name in names}
    there = [folder.photo_folder / name for name in walk_files(folder.photo_folder, leave_out)]
    return Survey(
        root=root,
        layout=folder.layout,
        class_names=folder.class_names,
        splits=splits,
        tags=_tags(folder, splits, mistakes),
        photos=photos,
        masks=masks,
        mistakes=tuple(dict.fromkeys(mistakes)),
        unnamed=tuple(str(path) for path in there if path not in named),
        orphans=tuple(_orphans(folder)),
        told=tuple(words(opened)),
        not_outlined=folder.masks.not_whole if isinstance(folder, LayoutFolder) else {},
        path_of=folder.path,
        known={name: share for name, share in shares.items() if share > 0},
        alike=tuple(map(tuple, alike({name: facts.look for name, facts in photos.items()}))),
    )


def _open(
    root: Path, layout: str, choices: Choices, mistakes: list[str], mask_values: Mapping[int, str] | None
) -> Opened:
    try:
        return open_layout(root, layout, choices, report=mistakes.append, mask_values=mask_values)
    except UserError as error:
        if mistakes:  # they explain why there is nothing to open
            first, more = mistakes[0], len(mistakes) - 1
            raise UserError(f"{first}" + (f" (and {counted(more, 'more mistake')})" if more else "")) from error
        raise


def examine_photo(path: Path) -> PhotoFacts:
    """Reads one photo. The digest is of the pixels as read, so that a copy with other metadata has the same."""
    try:
        image = read_image(path)
        with Image.open(io.BytesIO(read_bytes(path))) as header:
            orientation = header.getexif().get(_ORIENTATION, 1)
    except UserError as error:
        return PhotoFacts(problem=str(error))
    except Exception:  # OpenCV has read the photo: broken EXIF, of which Pillow makes all kinds of errors, is no EXIF
        orientation = 1
    digest = hashlib.blake2b(image.data, digest_size=16, key=repr(image.shape).encode()).hexdigest()
    return PhotoFacts(image.shape[:2], orientation, digest, look_of(image))


def _examine_mask(folder: AnyFolder, name: str) -> MaskFacts:
    try:
        mask = folder.mask(name)
    except UserError as error:
        has_legend = any((folder.root / legend).exists() for legend in (LEGEND_FILE, LABELMAP))
        values, colours = stored_in(None if has_legend else folder.masks.path_of(name))
        return MaskFacts(problem=str(error), values=values, colours=colours)
    labels = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    classes = frozenset(folder.class_names[label - 1] for label in labels if label not in (0, IGNORE))
    values = frozenset() if classes else frozenset(labels.tolist())
    known = float((mask != IGNORE).mean())
    return MaskFacts(mask.shape, classes, ignores=IGNORE in labels, values=values, known=known)


def _known_share(folder: AnyFolder, name: str, masks: Mapping[str, MaskFacts], mistakes: list[str]) -> float:
    """How much of a training photo is known; what is wrong with a mask is told already, unless it is partial."""
    try:
        known = folder.training_mask(name)
    except UserError as error:
        if name not in masks:
            mistakes.append(str(error))
        return 0.0
    return 0.0 if known is None else float((known != IGNORE).mean())


class _Parallel:
    """Calls a function for each name, in threads: OpenCV, Pillow and hashing let others run meanwhile."""

    def __init__(self, workers: int, progress: bool) -> None:
        self._workers = workers
        self._progress = progress

    def __call__(self, title: str, function: Callable[[str], Any], names: Sequence[str]) -> dict[str, Any]:
        with ThreadPoolExecutor(self._workers) as pool:
            results = tqdm(
                pool.map(function, names), title, len(names), unit=title[:-1], disable=not (self._progress and names)
            )
            return dict(zip(names, results, strict=True))


def _splits(folder: AnyFolder, mistakes: list[str]) -> dict[str, tuple[str, ...]]:
    try:
        there_are = folder.splits()
    except UserError as error:  # of the masks
        mistakes.append(str(error))
        there_are = ["train"]
    splits = {}
    for split in sorted(there_are, key=lambda split: (not is_training(split), "val" not in split)):
        try:
            splits[split] = tuple(folder.names(split))
        except UserError as error:
            mistakes.append(str(error))
    return splits


def _tags(folder: AnyFolder, splits: dict[str, tuple[str, ...]], mistakes: list[str]) -> dict[str, frozenset[str]]:
    tags: dict[str, frozenset[str]] = {}
    for split, names in splits.items():
        for name in names:
            if name in tags:
                continue
            try:
                shown = folder.tags(name)
            except UserError as error:
                if is_training(split):
                    mistakes.append(str(error))
                continue
            tags[name] = frozenset(np.array(folder.class_names)[shown > 0].tolist())
    return tags


def _has_mask(folder: AnyFolder, name: str, mistakes: list[str]) -> bool:
    try:
        return folder.masks.path_of(name) is not None
    except UserError as error:
        mistakes.append(str(error))
        return False


def _orphans(folder: AnyFolder) -> Iterable[str]:
    if folder.layout not in NATIVE:
        return
    masks, find = folder.root / _MASK_FOLDERS[folder.layout], FileFinder(folder.photo_folder).find
    for name in walk_files(masks, suffixes=(".png", ".json")) if masks.is_dir() else ():
        stem = stem_of(name) if not name.lower().endswith(".json") else name[:-5]
        try:
            if find(stem) is None and not _is_of_a_class(folder, masks / name):
                yield str(masks / name)
        except UserError:  # several photos, or two sources of masks
            continue


def _is_of_a_class(folder: AnyFolder, file: Path) -> bool:
    return isinstance(folder.masks, MaskFiles) and folder.masks.is_of_a_class(file)
