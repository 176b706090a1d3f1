"""The masks of a layout, by the photos."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices, Contents
from wsfcn_tf.data.layouts.masks import coco, cvat, cvat_masks, label_studio, labelme, tables, yolo
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.shapes.drawing import Drawing, known_labels
from wsfcn_tf.errors import UserError

_OPEN_SHAPES = {
    "coco": coco.open_shapes,
    "labelme": labelme.open_shapes,
    "cvat": cvat.open_shapes,
    "label_studio": label_studio.open_shapes,
}
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
        self._class_names = class_names
        self._read_shapes = _OPEN_SHAPES[layout](root, choices, class_names) if layout in _OPEN_SHAPES else None
        self._read = _OPEN[layout](root, choices, class_names) if layout in _OPEN else None

    @property
    def not_whole(self) -> Mapping[str, str]:
        """Photos of which only some is outlined, or nothing while others are; and the first thing that is not."""
        return self._contents.not_whole

    def path_of(self, photo: str) -> Path | None:
        """The file that holds a photo's mask; None if not all that the photo shows has an outline."""
        found = self._contents.masks.get(photo)
        return None if found is None else self._root / found.file

    def read_known(self, photo: str, drawing: Drawing) -> np.ndarray | None:
        """What is known of a photo's pixels, whole or not: uint8 [H,W], 0..C, 255 = unknown; None if nothing is drawn.

        Raises:
            UserError: what is drawn is broken.
        """
        found = self._contents.annotated.get(photo)
        if self._read_shapes is None or (photo in self._contents.masks and drawing.uncovered == "background"):
            return self.read(photo) if photo in self._contents.masks else None
        shapes, size = ([], None) if found is None else self._read_shapes(photo, found, drawing.radius)
        if not shapes:
            return None
        tagged = (label_of(tag, self._class_names, str(self._root)) for tag in self._contents.tags[photo])
        return known_labels(shapes, set(tagged), size, drawing)

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
