"""A folder of photos and their tags, and masks of a few at most: what most users have."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from wsfcn_tf.data.masks.sources import COCO_FILE, Masks, open_masks
from wsfcn_tf.data.photos.file_finder import FileFinder, no_photo, stem_of, walk_files
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.data.shapes.drawing import AS_DRAWN, Drawing
from wsfcn_tf.data.shapes.folders import read_known
from wsfcn_tf.data.tags.class_names import check_number_of_classes, read_class_names
from wsfcn_tf.data.tags.readers import read_class_folders, read_tag_file, tag_file
from wsfcn_tf.data.tags.tags import TagsByPhoto, tag_vector
from wsfcn_tf.errors import Report, UserError, refuse
from wsfcn_tf.files.reading import read_lines

MASKS = "masks"
_HELD_OUT = ("val", "test")
_VOC_FOLDERS = ("ImageSets", "JPEGImages", "SegmentationClass")


def without_masks(names: Sequence[str]) -> list[str]:
    """What a folder holds without its photos' masks: without masks/NAME.*, and masks/NAME_CLASS.png, of a photo NAME.*.

    Args:
        names: paths of photos and masks below the folder, with "/".
    """
    photos = set(map(stem_of, names))

    def is_mask(name: str) -> bool:
        folder, _, below = name.partition("/")
        words = stem_of(below).split("_")
        lengths = range(1, len(words) + 1) if name.lower().endswith(".png") else [len(words)]
        return folder == MASKS and any("_".join(words[:length]) in photos for length in lengths)

    return [name for name in names if not is_mask(name)]


class TaggedFolder:
    """A `Dataset` of photos in ROOT and below, whose names are their paths in it.

    Tags come from one of ROOT/tags.csv, ROOT/tags.jsonl and ROOT/onehot.csv or, without these, from the photos'
    folders, ROOT/CLASS/... The classes are those in ROOT/classes.txt or, without that file, those given or else all
    tags in alphabetical order.

    Masks are optional, and opened by `mask` and for the split "val" only: ROOT/masks/NAME.png or .json (LabelMe), a
    file for each class, ROOT/masks/NAME_CLASS.png, a LabelMe file beside the photo, or ROOT/coco.json.

    Splits: ROOT/SPLIT.txt lists photos, one per line. Without such a list, "train" is all photos with tags that
    neither val.txt nor test.txt lists, and "val" is all photos with masks.

    Args:
        root: the folder.
        class_names: the classes if the folder does not say.
        report: what to do with a wrong row of tags or line of a list; if it does not raise, it is left out.
        mask_values: what masks' values mean, as `data.mask_values`.

    Raises:
        UserError: there are neither tags nor masks; there are two sources of tags; or one, or classes.txt, is wrong.
    """

    layout = "tagged"

    def __init__(
        self,
        root: str | Path,
        class_names: tuple[str, ...] | None = None,
        report: Report = refuse,
        mask_values: Mapping[int, str] | None = None,
    ) -> None:
        self.root = self.photo_folder = Path(root)
        self._report = report
        self._mask_values = mask_values
        self._finder = FileFinder(self.root)
        classes = self.root / "classes.txt"
        given = read_class_names(classes) if classes.exists() else class_names
        self._source, self._tags = self._read_tags(given)
        self.class_names = given or tuple(sorted(set().union(*(self._tags or {}).values())))
        if not self.class_names:
            raise UserError(f"{self._source}: no photo has a tag: there is nothing to learn")
        check_number_of_classes(self.class_names, self._source)

    @cached_property
    def masks(self) -> Masks:
        """The folder's masks."""
        return open_masks(
            self.root, self.root / MASKS, self.class_names, self._finder, self.root, mask_values=self._mask_values
        )

    def splits(self) -> list[str]:
        """The names of the splits that there are."""
        lists = {path.stem for path in self.root.glob("*.txt") if path.stem in ("train", *_HELD_OUT)}
        implied = {"train": self._tags is not None, "val": any(map(self.masks.path_of, self._walk()))}
        return sorted(lists | {name for name, there in implied.items() if there}, key=("train", *_HELD_OUT).index)

    def names(self, split: str) -> list[str]:
        """The photos of a list, with tags, or with masks; in the order of the list, of the tags, or sorted."""
        path = self.root / f"{split}.txt"
        if split != "classes" and path.exists():
            return self._read_list(path)
        if split == "train":
            if self._tags is None:
                raise UserError(f"{self._source}: there is no such file: training needs tags")
            held_out = {name for other in _HELD_OUT for name in self._listed(other)}
            names = [name for name in self._tags if name not in held_out]
            if not names:
                raise UserError(f"{self._source}: no training image left: val.txt and test.txt list them all")
            return names
        if split == "val":
            names = [name for name in self._walk() if self.masks.path_of(name) is not None]
            if names:
                return names
        or_masks = f", put masks into {self.root / MASKS}" if split == "val" else ""
        raise UserError(f"{path}: there is no such split: list its photos there{or_masks}, or take the split 'train'")

    def path(self, name: str) -> Path:
        """The photo's file."""
        return self.root / name

    def image(self, name: str) -> np.ndarray:
        """The photo: uint8 [H,W,3], RGB."""
        return read_image(self.path(name))

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C] in {0, 1}."""
        if self._tags is None or name not in self._tags:
            raise UserError(f"{self._source}: there is no row for {name!r}: its tags are not known")
        return tag_vector(self._tags[name], self.class_names)

    def mask(self, name: str) -> np.ndarray:
        """The true labels, for evaluation only: uint8 [H,W], 0..C, 255 = ignore."""
        return self.masks.read(name)

    def training_mask(self, name: str, drawing: Drawing = AS_DRAWN) -> np.ndarray | None:
        """What is known of the pixels, for training that may learn from masks: as `mask`, 255 = unknown, or None."""
        return read_known(self.masks, self, name, drawing)

    def _read_tags(self, class_names: Sequence[str] | None) -> tuple[Path, TagsByPhoto | None]:
        """Where the tags are, for messages, and the tags; None if there are masks only."""
        path = tag_file(self.root)
        if path is not None:
            return path, read_tag_file(path, self.root, class_names, self._report)
        voc = next((name for name in _VOC_FOLDERS if (self.root / name).is_dir()), None)
        if voc is not None:
            raise UserError(f"{self.root}: has {voc}/ and no tags.csv: if it is in VOC's layout, set data.format=voc")
        tags = read_class_folders(self.root, (MASKS,), class_names, self._report)
        if tags:
            return self.root, tags
        path = self.root / "tags.csv"
        if class_names is None or not self._has_masks():
            raise UserError(f"{path}: there is no such file: create it, or check the folder")
        return path, None

    def _has_masks(self) -> bool:
        there = (self.root / COCO_FILE, self.root / MASKS)
        return any(path.exists() for path in there) or any(
            (self.root / f"{stem_of(name)}.json").exists() for name in self._walk()
        )

    def _walk(self) -> list[str]:
        return list(walk_files(self.root, (MASKS,)))

    def _listed(self, split: str) -> list[str]:
        path = self.root / f"{split}.txt"
        return self._read_list(path) if path.exists() else []

    def _read_list(self, path: Path) -> list[str]:
        names = []
        for line in read_lines(path):
            name = self._finder.find(line)
            if name is None:
                self._report(f"{path}: {no_photo(line, self.root)}")
            else:
                names.append(name)
        if not names:
            self._report(f"{path}: no image left: the list is empty")
        return names
