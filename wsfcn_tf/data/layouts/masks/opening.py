"""The masks of a layout, by the photos."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices, Contents
from wsfcn_tf.data.layouts.masks import coco, cvat, cvat_masks, label_studio, labelme, tables, yolo
from wsfcn_tf.errors import UserError

_OPEN = {
    "coco": coco.open_masks,
    "yolo": yolo.open_masks,
    "labelme": labelme.open_masks,
    "cvat": cvat.open_masks,
    "cvat_masks": cvat_masks.open_masks,
    "label_studio": label_studio.open_masks,
    "table": tables.open_masks,
}


class LayoutMasks:
    """`Masks` of another tool's folder. Nothing is opened before the first mask is read.

    Args:
        root: the folder.
        layout: its layout's name.
        contents: what was read.
        choices: what it was read with.
        class_names: of the foreground; a mask's labels count them from 1.
    """

    def __init__(
        self, root: Path, layout: str, contents: Contents, choices: Choices, class_names: Sequence[str]
    ) -> None:
        self._root = root
        self._layout = layout
        self._contents = contents
        self._read = _OPEN[layout](root, choices, class_names) if layout in _OPEN else None

    @property
    def not_whole(self) -> Mapping[str, str]:
        """Photos of which only some is outlined, or nothing while others are; and the first thing that is not."""
        return self._contents.not_whole

    def path_of(self, photo: str) -> Path | None:
        """The file that holds a photo's mask; None if not all that the photo shows has an outline."""
        found = self._contents.masks.get(photo)
        return None if found is None else self._root / found.file

    def read(self, photo: str) -> np.ndarray:
        """A photo's true labels: uint8 [H,W], 0..C, 255 = ignore.

        Raises:
            UserError: there are no outlines, or not of all that it shows; or one is broken.
        """
        found = self._contents.masks.get(photo)
        if found is not None:
            return self._read(photo, found)
        lacking = self.not_whole.get(photo)
        if lacking is not None:
            raise UserError(f"{self._root / photo}: {lacking}: mend that, or take the photo out of the split")
        raise UserError(
            f"{self._root}: there are no outlines in what {self._layout} says: for an evaluation, make a folder with "
            "prepare-data import, and put masks into its masks/"
        )
