"""A folder of masks that a program made: index PNGs named like the photos, as `predict --split` writes them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE, read_mask
from wsfcn_tf.data.photos.file_finder import FileFinder, stem_of
from wsfcn_tf.errors import UserError

KEY = "data.pseudo_masks"


class PseudoFolder:
    """Masks of some photos.

    Args:
        root: the folder.
        class_names: of the foreground.

    Raises:
        UserError: there is no such folder.
    """

    def __init__(self, root: str | Path, class_names: Sequence[str]) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise UserError(f"{KEY}: there is no folder {self.root}")
        self._classes = len(class_names)
        self._finder = FileFinder(self.root, (".png",))

    def has(self, photo: str) -> bool:
        """Whether there is a mask of a photo."""
        return self._finder.find(stem_of(photo)) is not None

    def read(self, photo: str, tags: np.ndarray) -> np.ndarray | None:
        """A photo's mask; None if there is none.

        Args:
            photo: its name.
            tags: float32 [C] in {0, 1}: classes that the photo is not tagged with are unknown, for programs see what
                is not there.

        Returns:
            uint8 [H,W]: 0..C, 255 = unknown.

        Raises:
            UserError: the file is not an index PNG, or holds a label outside the classes.
        """
        found = self._finder.find(stem_of(photo))
        if found is None:
            return None
        labels = read_mask(self.root / found, self._classes)
        tagged = np.full(IGNORE + 1, IGNORE, np.uint8)
        tagged[: self._classes + 1] = np.where(np.append(1, tags) > 0, np.arange(self._classes + 1), IGNORE)
        return tagged[labels]
