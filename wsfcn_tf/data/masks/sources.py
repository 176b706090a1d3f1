"""Where a folder's masks are: one file per photo, or one COCO file for all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from wsfcn_tf.data.masks.class_files import ClassFiles, read_class_files
from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.data.masks.labelme import read_labelme
from wsfcn_tf.data.masks.legend import LABELMAP, Legend
from wsfcn_tf.data.masks.mask_values import KEY, MaskValues
from wsfcn_tf.data.masks.png import is_grey, read_mask
from wsfcn_tf.data.photos.file_finder import FileFinder, stem_of
from wsfcn_tf.errors import UserError

COCO_FILE = "coco.json"
LEGEND_FILE = "legend.csv"
MASK_SUFFIXES = (".png", ".json", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_RATHER = (".png", ".json")  # of several files of one name, these are meant


class Masks(Protocol):
    """The masks of a folder's photos; a photo's name may lack the suffix."""

    def path_of(self, photo: str) -> Path | None:
        """The file that holds a photo's mask; None if it has none. Raises UserError if there are several."""

    def read(self, photo: str) -> np.ndarray:
        """A photo's true labels: uint8 [H,W], 0..C, 255 = ignore. Raises UserError if there are none."""


class MaskFiles:
    """Masks with a file for each photo, of the photo's name: FOLDER/NAME.png, or LabelMe's NAME.json.

    Without it, a file for each class: FOLDER/NAME_CLASS.png.

    Args:
        folder: where the masks are.
        class_names: of the foreground.
        read_pixels: from a mask's file, unless it is LabelMe's, to its labels.
        photos: finds photos.
        beside: another folder in which there may be LabelMe files: the photos'.
    """

    def __init__(
        self,
        folder: Path,
        class_names: Sequence[str],
        read_pixels: Callable[[Path], np.ndarray],
        photos: FileFinder,
        beside: Path | None = None,
    ) -> None:
        self._folder = folder
        self._class_names = class_names
        self._read_pixels = read_pixels
        self._class_files = ClassFiles(folder, class_names, photos, (".png", ".bmp", ".tif", ".tiff"))
        self._finders = [(folder, FileFinder(folder, MASK_SUFFIXES, _RATHER))]
        if beside is not None:
            self._finders.append((beside, FileFinder(beside, (".json",))))

    def path_of(self, photo: str) -> Path | None:
        """The file that holds a photo's mask; None if it has none. Raises UserError if there are several.

        Of a file for each class it is the first.
        """
        path = self._whole(photo)
        return path if path is not None else next(iter(self._class_files.of(stem_of(photo)).values()), None)

    def read(self, photo: str) -> np.ndarray:
        """A photo's true labels: uint8 [H,W], 0..C, 255 = ignore. Raises UserError if there are none."""
        path = self._whole(photo)
        if path is None and (files := self._class_files.of(stem_of(photo))):
            return read_class_files(files)
        path = path or self._folder / f"{stem_of(photo)}.png"
        return read_labelme(path, self._class_names) if path.suffix.lower() == ".json" else self._read_pixels(path)

    def is_of_a_class(self, file: Path) -> bool:
        """Whether a file NAME_CLASS is part of a photo's mask."""
        photo = self._class_files.photo_of(file)
        return photo is not None and self._whole(photo) is None

    def _whole(self, photo: str) -> Path | None:
        stem = stem_of(photo)
        found = [folder / name for folder, finder in self._finders if (name := finder.find(stem)) is not None]
        found = [path for path in found if path.suffix.lower() in _RATHER] or found
        if len(found) > 1:
            raise UserError(f"{found[0]} and {found[1]} are both masks of {photo!r}: remove one of them")
        return found[0] if found else None


def open_masks(
    root: Path,
    folder: Path,
    class_names: Sequence[str],
    photos: FileFinder,
    beside: Path | None = None,
    mask_values: Mapping[int, str] | None = None,
) -> Masks:
    """The masks of a data folder: ROOT/coco.json, or files in `folder`.

    Args:
        root: the data folder, in which a legend.csv, or else CVAT's labelmap.txt, says what colours mean.
        folder: that of one file per photo.
        class_names: of the foreground.
        photos: as of `MaskFiles`.
        beside: as of `MaskFiles`.
        mask_values: what values mean: `data.mask_values`.

    Raises:
        UserError: more than one of these says what masks mean, or the one that does is wrong.
    """
    coco = root / COCO_FILE
    if not coco.exists():
        return MaskFiles(folder, class_names, _pixel_reader(root, class_names, mask_values), photos, beside)
    if folder.is_dir():
        raise UserError(f"{root}: has {COCO_FILE} and {folder.name}/, and each would say what the masks are: keep one")
    if mask_values:
        raise UserError(f"{root}: {KEY} is for files in {folder.name}/, and the masks are in {COCO_FILE}: leave it out")
    return CocoFile(coco, class_names)


def _pixel_reader(
    root: Path, class_names: Sequence[str], mask_values: Mapping[int, str] | None
) -> Callable[[Path], np.ndarray]:
    """From a mask's file to its labels, by values, by a legend, by CVAT's colours, or as label numbers."""
    legend, labelmap = root / LEGEND_FILE, root / LABELMAP
    if mask_values:
        other = next((path for path in (legend, labelmap) if path.exists()), None)
        if other is not None:
            raise UserError(f"{other} and {KEY} both say what masks mean: keep one")
        return MaskValues(mask_values, class_names).read_mask

    def by_number(path: Path) -> np.ndarray:
        return read_mask(path, len(class_names))

    if legend.exists():
        return Legend(legend, class_names).read_mask
    if not labelmap.exists():
        return by_number
    by_colour = Legend(labelmap, class_names).read_mask
    return lambda path: by_number(path) if is_grey(path) else by_colour(path)
