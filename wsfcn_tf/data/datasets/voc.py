"""A folder in PASCAL VOC's layout."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from wsfcn_tf.data.masks.sources import Masks, open_masks
from wsfcn_tf.data.photos.file_finder import FileFinder, no_photo, stem_of
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.data.shapes.drawing import AS_DRAWN, Drawing
from wsfcn_tf.data.shapes.folders import read_known
from wsfcn_tf.data.tags.class_names import VOC, read_class_names
from wsfcn_tf.data.tags.readers import read_annotation, read_tag_file, tag_file
from wsfcn_tf.data.tags.tags import tag_vector
from wsfcn_tf.errors import Report, UserError, refuse
from wsfcn_tf.files.reading import nfc, read_lines


class VocFolder:
    """A `Dataset` of photos in ROOT/JPEGImages and lists in ROOT/ImageSets/Segmentation/SPLIT.txt.

    Tags come from ROOT/tags.csv (or tags.jsonl, onehot.csv) or, without it, from the objects in
    ROOT/Annotations/NAME.xml. Masks, in ROOT/SegmentationClass/NAME.png (or LabelMe's NAME.json, or ROOT/coco.json),
    are opened by `mask` alone. The classes are those in ROOT/classes.txt; a folder with Annotations may do without: its
    classes are VOC's twenty.

    Args:
        root: the folder.
        class_names: the classes if the folder does not say.
        report: what to do with a wrong row of tags or line of a list; if it does not raise, it is left out.
        mask_values: what masks' values mean, as `data.mask_values`.

    Raises:
        UserError: the classes are not known, or tags.csv is not as `read_tags_csv` wants it.
    """

    layout = "voc"

    def __init__(
        self,
        root: str | Path,
        class_names: tuple[str, ...] | None = None,
        report: Report = refuse,
        mask_values: Mapping[int, str] | None = None,
    ) -> None:
        self.root = Path(root)
        self.photo_folder = self.root / "JPEGImages"
        self._report = report
        self._mask_values = mask_values
        self._finder = FileFinder(self.photo_folder)
        self._lists = self.root / "ImageSets" / "Segmentation"
        self._annotations = self.root / "Annotations"
        self.class_names = self._read_class_names(class_names)
        table = tag_file(self.root)
        self._table = table or self.root / "tags.csv"
        self._tags = None if table is None else self._read_table(table)

    @cached_property
    def masks(self) -> Masks:
        """The folder's masks."""
        folder = self.root / "SegmentationClass"
        return open_masks(self.root, folder, self.class_names, self._finder, mask_values=self._mask_values)

    def splits(self) -> list[str]:
        """The names of the splits that there are."""
        return sorted(path.stem for path in self._lists.glob("*.txt"))

    def names(self, split: str) -> list[str]:
        """The photos that the split's list names, without suffix."""
        path = self._lists / f"{split}.txt"
        if not path.exists():
            raise UserError(f"{path}: there is no such split: the folder has {', '.join(self.splits()) or 'none'}")
        names = read_lines(path)
        if not names:
            raise UserError(f"{path}: no image left: the list is empty")
        there = []
        for name in names:
            if self._finder.find(name) is None:
                self._report(f"{path}: {no_photo(name, self.photo_folder)}")
            else:
                there.append(name)
        return there

    def path(self, name: str) -> Path:
        """The photo's file."""
        photo = self._finder.find(name)
        if photo is None:
            raise UserError(no_photo(name, self.photo_folder))
        return self.photo_folder / photo

    def image(self, name: str) -> np.ndarray:
        """The photo: uint8 [H,W,3], RGB."""
        return read_image(self.path(name))

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C] in {0, 1}."""
        tags = self._read_annotation(name) if self._tags is None else self._tags.get(nfc(stem_of(name)))
        if tags is None:
            raise UserError(f"{self._table}: there is no row for {name!r}: its tags are not known")
        return tag_vector(tags, self.class_names)

    def mask(self, name: str) -> np.ndarray:
        """The true labels, for evaluation only: uint8 [H,W], 0..C, 255 = ignore."""
        return self.masks.read(name)

    def training_mask(self, name: str, drawing: Drawing = AS_DRAWN) -> np.ndarray | None:
        """What is known of the pixels, for training that may learn from masks: as `mask`, 255 = unknown, or None."""
        return read_known(self.masks, self, name, drawing)

    def _read_class_names(self, given: tuple[str, ...] | None) -> tuple[str, ...]:
        path = self.root / "classes.txt"
        if path.exists():
            return read_class_names(path)
        if self._annotations.is_dir():
            return VOC
        if given is None:
            raise UserError(f"{path}: there is no such file: list the classes in it, one per line")
        return given

    def _read_table(self, table: Path) -> dict[str, tuple[str, ...]]:
        rows = read_tag_file(table, self.photo_folder, self.class_names, self._report)
        return {nfc(stem_of(photo)): tags for photo, tags in rows.items()}

    def _read_annotation(self, name: str) -> set[str]:
        path = self._annotations / f"{name}.xml"
        if not path.exists():
            raise UserError(f"the tags of {name!r} are not known: there is neither {self._table} nor {path}")
        return read_annotation(path, self.class_names)
