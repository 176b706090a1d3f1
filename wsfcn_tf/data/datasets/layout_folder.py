"""A folder as another tool wrote it."""

from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices, Contents
from wsfcn_tf.data.layouts.masks.opening import LayoutMasks
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.data.shapes.drawing import AS_DRAWN, Drawing
from wsfcn_tf.data.tags.tags import tag_vector
from wsfcn_tf.errors import UserError


class LayoutFolder:
    """A `Dataset` of what a layout's reader found; a photo's name is its path in the folder.

    Args:
        root: the folder.
        layout: its name.
        contents: what was read.
        choices: what it was read with.
        class_names: the classes and their order, if that is not what was read; all that was read are among them.
    """

    def __init__(
        self,
        root: Path,
        layout: str,
        contents: Contents,
        choices: Choices,
        class_names: tuple[str, ...] | None = None,
    ) -> None:
        self.root = self.photo_folder = root
        self.layout = layout
        self.class_names = class_names or contents.class_names
        self.notes = contents.notes
        self.masks = LayoutMasks(root, layout, contents, choices, self.class_names)
        self._contents, self._choices = contents, choices

    def with_classes(self, class_names: tuple[str, ...]) -> "LayoutFolder":
        """The same folder with the classes of a network, among which its own have to be."""
        return LayoutFolder(self.root, self.layout, self._contents, self._choices, class_names)

    def splits(self) -> list[str]:
        """The names of the splits that there are."""
        return list(self._contents.splits)

    def names(self, split: str) -> list[str]:
        """The photos of a split, in the annotations' order."""
        names = self._contents.splits.get(split)
        if not names:
            there_are = ", ".join(self.splits()) or "none"
            raise UserError(f"{self.root}: there is no split {split!r} in what {self.layout} says: it has {there_are}")
        return names

    def path(self, name: str) -> Path:
        """The photo's file."""
        return self.root / name

    def image(self, name: str) -> np.ndarray:
        """The photo: uint8 [H,W,3], RGB."""
        return read_image(self.path(name))

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C] in {0, 1}."""
        if name not in self._contents.tags:
            raise UserError(f"{self.root}: {name!r} has no annotation: its tags are not known")
        return tag_vector(self._contents.tags[name], self.class_names)

    def mask(self, name: str) -> np.ndarray:
        """The true labels, for evaluation only: uint8 [H,W], 0..C, 255 = ignore."""
        return self.masks.read(name)

    def training_mask(self, name: str, drawing: Drawing = AS_DRAWN) -> np.ndarray | None:
        """What is known of the pixels, for training that may learn from masks: as `mask`, 255 = unknown, or None."""
        return self.masks.read_known(name, drawing)
