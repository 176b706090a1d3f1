"""Where a folder's masks are, for evaluation only: one file per photo, or one COCO file for all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.data.masks.labelme import read_labelme
from wsfcn_tf.data.masks.legend import Legend
from wsfcn_tf.data.masks.png import read_mask
from wsfcn_tf.data.photos.file_finder import FileFinder, stem_of
from wsfcn_tf.errors import UserError

COCO_FILE = "coco.json"
LEGEND_FILE = "legend.csv"


class Masks(Protocol):
    """The masks of a folder's photos; a photo's name may lack the suffix."""

    def path_of(self, photo: str) -> Path | None:
        """The file that holds a photo's mask; None if it has none. Raises UserError if there are several."""

    def read(self, photo: str) -> np.ndarray:
        """A photo's true labels: uint8 [H,W], 0..C, 255 = ignore. Raises UserError if there are none."""


class MaskFiles:
    """Masks with a file for each photo, of the photo's name: FOLDER/NAME.png, or LabelMe's NAME.json.

    PNGs hold label numbers, as palette or 8-bit greyscale; or, if there is a legend, colours.

    Args:
        folder: where the masks are.
        class_names: of the foreground.
        legend: the colours' table, which need not exist.
        beside: another folder in which there may be LabelMe files: the photos'.
    """

    def __init__(self, folder: Path, class_names: Sequence[str], legend: Path, beside: Path | None = None) -> None:
        self._folder = folder
        self._class_names = class_names
        self._legend = Legend(legend, class_names) if legend.exists() else None
        self._finders = [(folder, FileFinder(folder, (".png", ".json"), rather=()))]
        if beside is not None:
            self._finders.append((beside, FileFinder(beside, (".json",))))

    def path_of(self, photo: str) -> Path | None:
        """The file that holds a photo's mask; None if it has none. Raises UserError if there are several."""
        stem = stem_of(photo)
        found = [folder / name for folder, finder in self._finders if (name := finder.find(stem)) is not None]
        if len(found) > 1:
            raise UserError(f"{found[0]} and {found[1]} are both masks of {photo!r}: remove one of them")
        return found[0] if found else None

    def read(self, photo: str) -> np.ndarray:
        """A photo's true labels: uint8 [H,W], 0..C, 255 = ignore. Raises UserError if there are none."""
        path = self.path_of(photo) or self._folder / f"{stem_of(photo)}.png"
        if path.suffix.lower() == ".json":
            return read_labelme(path, self._class_names)
        return read_mask(path, len(self._class_names)) if self._legend is None else self._legend.read_mask(path)


def open_masks(root: Path, folder: Path, class_names: Sequence[str], beside: Path | None = None) -> Masks:
    """The masks of a data folder: ROOT/coco.json, or files in `folder`; ROOT/legend.csv says what colours mean.

    Args:
        root: the data folder.
        folder: that of one file per photo.
        class_names: of the foreground.
        beside: as of `MaskFiles`.

    Raises:
        UserError: there are both, or the file or the legend is wrong.
    """
    coco = root / COCO_FILE
    if not coco.exists():
        return MaskFiles(folder, class_names, root / LEGEND_FILE, beside)
    if folder.is_dir():
        raise UserError(f"{root}: has {COCO_FILE} and {folder.name}/, and each would say what the masks are: keep one")
    return CocoFile(coco, class_names)
