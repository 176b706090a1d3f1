"""PASCAL VOC 2012 with SBD's masks: the 10,582 images that the field trains on, and VOC's own lists."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.io import loadmat

from wsfcn_tf.data.masks.png import IGNORE, read_mask
from wsfcn_tf.data.photos.images import read_bytes
from wsfcn_tf.data.prepare.archives import unpack
from wsfcn_tf.data.prepare.plan import Plan
from wsfcn_tf.data.tags.class_names import VOC
from wsfcn_tf.data.tags.readers import read_annotation
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import read_lines

EXPECTED = {"train": 1464, "val": 1449, "test": 1456, "train_aug": 10582}

_VOC_LEVELS = ("VOC2012", "VOCdevkit/VOC2012")
_SBD_LEVELS = ("dataset", "benchmark_RELEASE/dataset")
_VOC_FILES = re.compile(
    r"(?:^|/)((?:JPEGImages|SegmentationClass|Annotations)/[^/.][^/]*|ImageSets/Segmentation/[^/.]+\.txt)$"
)
_SBD_FILES = re.compile(r"(?:^|/)dataset/(cls/[^/.][^/]*\.mat|(?:train|val)\.txt)$")


@dataclass(frozen=True)
class VocExample:
    """An `Example` with VOC's mask or SBD's, or none; its tags come from an annotation or, without one, the mask."""

    name: str
    photo: Path
    mask: Path | None
    annotation: Path | None

    def labels(self) -> np.ndarray | None:
        """The mask: uint8 [H,W], 0..20, 255 = ignore."""
        if self.mask is None:
            return None
        read = read_sbd_mask if self.mask.suffix == ".mat" else read_mask
        return read(self.mask, len(VOC))

    def tags(self, labels: np.ndarray) -> tuple[str, ...]:
        """What is in the image."""
        if self.annotation is not None:
            present = read_annotation(self.annotation, VOC)
            return tuple(name for name in VOC if name in present)
        counts = np.bincount(labels.ravel(), minlength=IGNORE + 1)
        return tuple(name for label, name in enumerate(VOC, start=1) if counts[label])


def locate_voc(given: Path, unpacked: Path) -> Path:
    """The folder that holds JPEGImages.

    Args:
        given: that folder, VOCdevkit, the folder above it, or one of the official archives.
        unpacked: the folder in which to unpack archives.

    Raises:
        UserError: there is none, or the archive is damaged.
    """
    return _locate(given, unpacked, _VOC_FILES, _VOC_LEVELS, "JPEGImages", "VOC's folder VOCdevkit or its archive")


def locate_sbd(given: Path, unpacked: Path) -> Path:
    """The folder that holds cls, train.txt and val.txt; arguments and errors as those of `locate_voc`."""
    words = "SBD's folder benchmark_RELEASE or its archive benchmark.tgz"
    return _locate(given, unpacked, _SBD_FILES, _SBD_LEVELS, "cls", words)


def plan_voc(voc: Sequence[Path], sbd: Path | None, tags: Literal["masks", "xml"] = "masks") -> Plan:
    """What is to be made.

    The lists are VOC's own train, val and (if it is there) test, and train_aug: SBD's train and val with VOC's train,
    less VOC's val, in alphabetical order. An image that has a mask of VOC keeps it, the others take SBD's.

    Args:
        voc: folders of `locate_voc`; trainval and test may be apart.
        sbd: the folder of `locate_sbd`; None leaves train_aug out.
        tags: from "masks", as the release has them, or from the detection annotations: "xml".

    Raises:
        UserError: a list is missing.
    """
    splits = _official_lists(voc)
    if sbd is not None:
        splits["train_aug"] = _augmented_list(splits, sbd)
    labelled = {name for split, names in splits.items() if split != "test" for name in names}
    examples, missing = {}, {}
    for name in sorted(labelled.union(splits.get("test", ()))):
        try:
            examples[name] = _example(name, voc, sbd, tags if name in labelled else None)
        except UserError as error:
            missing[name] = str(error)
    return Plan(VOC, splits, examples, missing, {split: EXPECTED[split] for split in splits})


def _official_lists(voc: Sequence[Path]) -> dict[str, list[str]]:
    lists = Path("ImageSets") / "Segmentation"
    splits = {split: _find(voc, lists / f"{split}.txt") for split in ("train", "val", "test")}
    for split in ("train", "val"):
        if splits[split] is None:
            raise UserError(f"{voc[0]}: there is no {lists}/{split}.txt: take VOC 2012's trainval archive")
    return {split: read_lines(path) for split, path in splits.items() if path}


def _augmented_list(splits: Mapping[str, list[str]], sbd: Path) -> list[str]:
    everything = {*read_lines(sbd / "train.txt"), *read_lines(sbd / "val.txt"), *splits["train"]}
    return sorted(everything.difference(splits["val"]))


def _example(name: str, voc: Sequence[Path], sbd: Path | None, tags: str | None) -> VocExample:
    """The files of an image; `tags` is None for one without labels. Raises UserError that names what is missing."""
    photo = _find(voc, f"JPEGImages/{name}.jpg")
    if photo is None:
        raise UserError(f"there is no JPEGImages/{name}.jpg")
    if tags is None:
        return VocExample(name, photo, None, None)
    mask = _find(voc, f"SegmentationClass/{name}.png") or (sbd and _find([sbd], f"cls/{name}.mat"))
    if mask is None:
        raise UserError(f"there is no SegmentationClass/{name}.png" + (f" or cls/{name}.mat" if sbd else ""))
    if tags == "masks":
        return VocExample(name, photo, mask, None)
    annotation = _find(voc, f"Annotations/{name}.xml")
    if annotation is None:
        raise UserError(f"there is no Annotations/{name}.xml")
    return VocExample(name, photo, mask, annotation)


def _find(folders: Sequence[Path], name: str | Path) -> Path | None:
    """The first of the folders' files of that name."""
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _locate(
    given: Path, unpacked: Path, files: re.Pattern[str], levels: Sequence[str], inside: str, words: str
) -> Path:
    """The folder with `inside`: the given one, one at the usual levels below it, or what its archive unpacks to."""
    if not given.exists():
        raise UserError(f"{given}: there is no such folder or archive: name {words}")
    if given.is_file():
        unpacked = unpacked / f"{given.name}-{given.stat().st_size}"
        unpack(given, files, unpacked)
        levels = ()
    folders = [unpacked] if given.is_file() else [given, *(given / level for level in levels)]
    for folder in folders:
        if (folder / inside).is_dir():
            return folder
    below = f", nor in {' or '.join(levels)} below it" if levels else ""
    raise UserError(f"{given}: there is no folder {inside} in it{below}: name {words}")


def read_sbd_mask(path: Path, num_classes: int) -> np.ndarray:
    """Reads the class mask in SBD's cls/NAME.mat as uint8 [H,W], 0..num_classes; SBD has no pixels to ignore.

    Raises:
        UserError: the file is broken, is not a class mask, or holds a label outside the classes.
    """
    data = read_bytes(path)
    try:
        content = loadmat(io.BytesIO(data), struct_as_record=False, squeeze_me=True)
    except Exception as error:  # scipy raises whatever its parser stumbles on
        raise UserError(f"{path}: cannot be read as a MATLAB file ({type(error).__name__}): get it again") from None
    labels = getattr(content.get("GTcls"), "Segmentation", None)
    if not isinstance(labels, np.ndarray) or labels.ndim != 2:
        raise UserError(f"{path}: holds no GTcls.Segmentation: take SBD's folder cls, which has the class masks")
    if labels.size and not 0 <= labels.min() <= labels.max() <= num_classes:
        raise UserError(f"{path}: label {labels.max()} is outside the classes (0 to {num_classes})")
    return labels.astype(np.uint8)
