"""A folder of photos with a tags.csv and no masks anywhere: what most users have."""

from pathlib import Path

import numpy as np

from wsfcn_tf.data.images import read_image
from wsfcn_tf.data.lists import read_class_names
from wsfcn_tf.data.tags import read_tags_csv, tag_vector
from wsfcn_tf.errors import UserError


class TaggedFolder:
    """A `Dataset` of the photos that ROOT/tags.csv lists.

    Its one split is "train", and a photo's name is its path in ROOT. The classes are those in ROOT/classes.txt or,
    without that file, all tags in alphabetical order.

    Args:
        root: the folder.

    Raises:
        UserError: tags.csv or classes.txt is not as `read_tags_csv` and `read_class_names` want them.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)
        self._table = self._root / "tags.csv"
        classes = self._root / "classes.txt"
        listed = read_class_names(classes) if classes.exists() else None
        self._tags = read_tags_csv(self._table, self._root, listed)
        self.class_names = listed or tuple(sorted(set().union(*self._tags.values())))
        if not self.class_names:
            raise UserError(f"{self._table}: no photo has a tag: there is nothing to learn")

    def names(self, split: str) -> list[str]:
        """The photos in tags.csv, in its order."""
        if split != "train":
            raise UserError(f"{self._root}: a folder of tagged photos has the split 'train' only, not {split!r}")
        return list(self._tags)

    def image(self, name: str) -> np.ndarray:
        """The photo: uint8 [H,W,3], RGB."""
        return read_image(self._root / name)

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C] in {0, 1}."""
        if name not in self._tags:
            raise UserError(f"{self._table}: there is no row for {name!r}: its tags are not known")
        return tag_vector(self._tags[name], self.class_names)

    def mask(self, name: str) -> np.ndarray:
        """Always raises UserError."""
        raise UserError(f"{self._root}: a folder of tagged photos has no masks: evaluation needs data.format=voc")
