"""A folder in PASCAL VOC's layout."""

from pathlib import Path

import numpy as np

from wsfcn_tf.data.annotations import read_annotation
from wsfcn_tf.data.class_names import VOC
from wsfcn_tf.data.images import find_photo, read_image
from wsfcn_tf.data.lists import read_class_names, read_lines
from wsfcn_tf.data.masks import read_mask
from wsfcn_tf.data.tags import read_tags_csv, tag_vector
from wsfcn_tf.errors import UserError


class VocFolder:
    """A `Dataset` of photos in ROOT/JPEGImages and lists in ROOT/ImageSets/Segmentation/SPLIT.txt.

    Tags come from ROOT/tags.csv or, without it, from the objects in ROOT/Annotations/NAME.xml. Masks, in
    ROOT/SegmentationClass/NAME.png, are opened by `mask` alone. The classes are those in ROOT/classes.txt; a folder
    with Annotations may do without: its classes are VOC's twenty.

    Args:
        root: the folder.

    Raises:
        UserError: the classes are not known, or tags.csv is not as `read_tags_csv` wants it.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)
        self._photos = self._root / "JPEGImages"
        self._annotations = self._root / "Annotations"
        self._table = self._root / "tags.csv"
        self.class_names = self._read_class_names()
        self._tags = self._read_table() if self._table.exists() else None

    def names(self, split: str) -> list[str]:
        """The photos that the split's list names, without suffix."""
        path = self._root / "ImageSets" / "Segmentation" / f"{split}.txt"
        if not path.exists():
            there_are = sorted(other.stem for other in path.parent.glob("*.txt"))
            raise UserError(f"{path}: there is no such split: the folder has {', '.join(there_are) or 'none'}")
        names = read_lines(path)
        if not names:
            raise UserError(f"{path}: no image left: the list is empty")
        for name in names:
            self._photo(name, where=f"{path}: ")
        return names

    def image(self, name: str) -> np.ndarray:
        """The photo: uint8 [H,W,3], RGB."""
        return read_image(self._photo(name))

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C] in {0, 1}."""
        tags = self._read_annotation(name) if self._tags is None else self._tags.get(name)
        if tags is None:
            raise UserError(f"{self._table}: there is no row for {name!r}: its tags are not known")
        return tag_vector(tags, self.class_names)

    def mask(self, name: str) -> np.ndarray:
        """The true labels, for evaluation only: uint8 [H,W], 0..C, 255 = ignore."""
        return read_mask(self._root / "SegmentationClass" / f"{name}.png", len(self.class_names))

    def _read_class_names(self) -> tuple[str, ...]:
        path = self._root / "classes.txt"
        if path.exists():
            return read_class_names(path)
        if self._annotations.is_dir():
            return VOC
        raise UserError(f"{path}: there is no such file: list the classes in it, one per line")

    def _read_table(self) -> dict[str, tuple[str, ...]]:
        rows = read_tags_csv(self._table, self._photos, self.class_names)
        return {Path(photo).with_suffix("").as_posix(): tags for photo, tags in rows.items()}

    def _photo(self, name: str, where: str = "") -> Path:
        photo = find_photo(self._photos, name)
        if photo is None:
            raise UserError(f"{where}there is no photo {name!r} in {self._photos}")
        return self._photos / photo

    def _read_annotation(self, name: str) -> set[str]:
        path = self._annotations / f"{name}.xml"
        if not path.exists():
            raise UserError(f"the tags of {name!r} are not known: there is neither {self._table} nor {path}")
        return read_annotation(path, self.class_names)
