"""A folder as another tool wrote it."""

from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Contents
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.data.tags.tags import tag_vector
from wsfcn_tf.errors import UserError


class LayoutFolder:
    """A `Dataset` of what a layout's reader found; a photo's name is its path in the folder. It has no masks.

    Args:
        root: the folder.
        layout: its name, for messages.
        contents: what was read.
    """

    def __init__(self, root: Path, layout: str, contents: Contents) -> None:
        self.root = self.photo_folder = root
        self.layout = layout
        self.class_names = contents.class_names
        self.notes = contents.notes
        self.masks = NoMasks(root, layout)
        self._contents = contents

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
        """Raises UserError: masks are read from our own layouts only."""
        return self.masks.read(name)


class NoMasks:
    """The masks of a folder of which tags only are read."""

    def __init__(self, root: Path, layout: str) -> None:
        self._root = root
        self._layout = layout

    def path_of(self, photo: str) -> None:
        """None, for every photo."""

    def read(self, photo: str) -> np.ndarray:
        """Raises UserError, which says what to do."""
        raise UserError(
            f"{self._root}: of {self._layout}, tags are read, not masks: for an evaluation, make a folder with "
            "prepare-data import, and put masks into its masks/"
        )
