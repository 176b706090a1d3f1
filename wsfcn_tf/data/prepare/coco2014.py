"""COCO 2014, and 2017, whose images are the same under other names and in other lists."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsfcn_tf.data.masks.coco_masks import CocoObject, paint
from wsfcn_tf.data.prepare.coco_json import CocoImage, read_instances
from wsfcn_tf.data.prepare.plan import Plan
from wsfcn_tf.data.tags.class_names import COCO
from wsfcn_tf.errors import UserError

SPLITS = ("train", "val")

# (images in the complete file, images with objects); the second are the paper's numbers.
_COMPLETE = {"instances_train2014.json": (82783, 82081), "instances_val2014.json": (40504, 40137)}
_PHOTO_FOLDER = re.compile(r"(train|val)(2014|2017)")


@dataclass(frozen=True)
class CocoExample:
    """An `Example` whose mask is painted from its objects.

    Its tags are the objects' classes, crowds included: what they are crowds of is in the photo.
    """

    name: str
    photo: Path
    height: int
    width: int
    objects: Sequence[CocoObject]

    def labels(self) -> np.ndarray:
        """The mask: uint8 [height,width], 0..80, 255 = ignore."""
        try:
            return paint(self.objects, self.height, self.width)
        except UserError as error:
            raise UserError(f"{self.photo}: {error}") from None

    def tags(self, labels: np.ndarray) -> tuple[str, ...]:
        """The classes of all objects, also of those that are hidden in the mask."""
        return tuple(COCO[label - 1] for label in sorted({item.label for item in self.objects}))


def locate_instances(given: Path) -> dict[str, Path]:
    """The instances files of train and val: those of 2014 or, where there is neither, those of 2017.

    Args:
        given: the folder that holds them, or the one above its `annotations`.

    Raises:
        UserError: one is missing.
    """
    for folder in (given, given / "annotations"):
        for year in (2014, 2017):
            files = {split: folder / f"instances_{split}{year}.json" for split in SPLITS}
            found = [path for path in files.values() if path.is_file()]
            if len(found) == len(files):
                return files
            if found:
                lacking = next(path for path in files.values() if path not in found)
                raise UserError(f"{lacking}: there is no such file, but {found[0].name} is there: add it")
    raise UserError(
        f"{given}: there is no instances_train2014.json in it (nor 2017's): name the folder that "
        "annotations_trainval2014.zip unpacks to"
    )


def plan_coco(photo_folders: Sequence[Path], instances: Mapping[str, Path]) -> Plan:
    """What is to be made: the images that have objects, in the order of the instances files.

    Args:
        photo_folders: the folders of the photos, or folders that hold train2014, val2014, train2017 or val2017.
        instances: the instances file of each split.

    Raises:
        UserError: an instances file is not right, or a photo's name is there twice.
    """
    photos = _index(photo_folders)
    splits, examples, missing, expected = {}, {}, {}, {}
    for split, path in instances.items():
        images = read_instances(path)
        complete, with_objects = _COMPLETE.get(path.name, (None, None))
        if len(images) == complete:
            expected[split] = with_objects
        splits[split] = []
        for image in images:
            if not image.objects:
                continue
            name = Path(image.file_name).stem
            if name in examples or name in missing:
                raise UserError(f"{path}: photo {image.file_name!r} is there twice or in another list, too")
            splits[split].append(name)
            photo = _find(photos, image)
            if photo is None:
                missing[name] = f"there is no {image.file_name}"
            else:
                examples[name] = CocoExample(name, photo, image.height, image.width, image.objects)
    return Plan(COCO, splits, examples, missing, expected)


def _index(folders: Sequence[Path]) -> dict[str, Path]:
    """Every photo in the folders and in COCO's folders below them, by name."""
    searched: dict[Path, None] = {}  # a folder may be given twice
    for given in folders:
        if not given.is_dir():
            raise UserError(f"{given}: there is no such folder: name the folder of COCO's photos")
        below = (path for path in sorted(given.iterdir()) if path.is_dir() and _PHOTO_FOLDER.fullmatch(path.name))
        searched |= {folder.resolve(): None for folder in (given, *below)}
    photos: dict[str, Path] = {}
    for folder in searched:
        for photo in folder.glob("*.jpg"):
            if photo.name in photos:
                raise UserError(f"{photo}: is in {photos[photo.name].parent}, too: leave out one of the folders")
            photos[photo.name] = photo
    if not photos:
        raise UserError(f"{folders[0]}: there is no .jpg file in it: name the folder of COCO's photos")
    return photos


def _find(photos: Mapping[str, Path], image: CocoImage) -> Path | None:
    """The image's photo, under the name that its file says or the other release's."""
    names = [f"{prefix}{image.id:012d}.jpg" for prefix in ("", "COCO_train2014_", "COCO_val2014_")]
    return next((photos[name] for name in (image.file_name, *names) if name in photos), None)
