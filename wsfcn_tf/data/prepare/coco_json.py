"""COCO's instances files: which objects each image has."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wsfcn_tf.data.masks.coco_masks import CocoObject
from wsfcn_tf.data.tags.class_names import COCO
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import read_text


class CocoImage(NamedTuple):
    """One image of an instances file, with its objects in the file's order."""

    id: int
    file_name: str
    height: int
    width: int
    objects: Sequence[CocoObject]


def read_instances(path: Path) -> list[CocoImage]:
    """Reads all images of an instances file; labels are COCO's 80 classes in the order of their ids, 1 to 80.

    COCO's category ids have gaps (1 to 90).

    Raises:
        UserError: not JSON, not instances, other categories than COCO's, or something in it that belongs to nothing.
    """
    content = _load(path)
    labels = _labels(content["categories"], path)
    objects: dict[int, list[CocoObject]] = {image["id"]: [] for image in content["images"]}
    if len(objects) < len(content["images"]):
        raise UserError(f"{path}: two images have the same id: get the file again")
    for annotation in content["annotations"]:
        where = f"{path}: annotation {annotation['id']}"
        if annotation["category_id"] not in labels:
            raise UserError(f"{where}: there is no category {annotation['category_id']}: get the file again")
        if annotation["image_id"] not in objects:
            raise UserError(f"{where}: there is no image {annotation['image_id']}: get the file again")
        label, crowd = labels[annotation["category_id"]], bool(annotation.get("iscrowd"))
        objects[annotation["image_id"]].append(CocoObject(annotation["id"], label, crowd, annotation["segmentation"]))
    return [
        CocoImage(image["id"], Path(image["file_name"]).name, image["height"], image["width"], objects[image["id"]])
        for image in content["images"]
    ]


_NEEDED = {
    "images": {"id", "file_name", "height", "width"},
    "annotations": {"id", "image_id", "category_id", "segmentation"},
    "categories": {"id", "name"},
}


def _load(path: Path) -> dict[str, Any]:
    """The file's content, with all the keys that are needed."""
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise UserError(f"{path}: is not JSON or cut short ({error}): get it again") from None
    for section, keys in _NEEDED.items():
        entries = content.get(section) if isinstance(content, dict) else None
        if not isinstance(entries, list):
            raise UserError(f"{path}: has no {section!r}: an instances_*.json is needed, not captions or another file")
        for entry in entries:
            lacking = keys - entry.keys() if isinstance(entry, dict) else keys
            if lacking:
                raise UserError(
                    f"{path}: an entry of {section!r} has no {min(lacking)!r}: an instances_*.json is needed, "
                    "not captions or another file"
                )
    return content


def _labels(categories: Sequence[Mapping[str, Any]], path: Path) -> dict[int, int]:
    """From a category's id to its label."""
    ordered = sorted(categories, key=lambda category: category["id"])
    names = tuple(category["name"] for category in ordered)
    if names != COCO:
        raise UserError(
            f"{path}: has {len(names)} categories ({', '.join(map(str, names[:3]))}, ...), not COCO's 80: "
            "take instances_*.json of COCO 2014 or 2017"
        )
    return {category["id"]: label for label, category in enumerate(ordered, start=1)}
