"""COCO's JSON, as a file for each split (COCO, Roboflow, CVAT, Label Studio, FiftyOne) or as one."""

import shlex
from collections.abc import Hashable
from typing import Any

from wsfcn_tf.data.layouts.annotations import json_files, none_fits
from wsfcn_tf.data.layouts.folder import SourceFolder, above
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.outlines import outlines
from wsfcn_tf.data.layouts.splits import check_once, split_of
from wsfcn_tf.errors import Report, UserError, refuse, some

_LISTS = ("images", "annotations", "categories")
_INSTANCES = "instances_"
_AREAS = ("outline",)
_CROWDED = 0.1  # the share of crowds beyond which they are hardly COCO's own, which has one or two in a hundred


def recognise(folder: SourceFolder) -> str | None:
    """A JSON file with the lists images, annotations and categories."""
    files = _files(folder)
    return f"COCO's JSON ({some(files, 3)})" if files else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the categories of its annotations, crowds included; one that is listed without any shows none."""
    with gathering.mistakes():
        files = _files(folder, refuse)
        if not files:
            raise none_fits(folder, (".json",), f"JSON file with the lists {', '.join(_LISTS)}")
        splits = {name: split_of(name) or "train" for name in files}
        check_once(((split, str(folder.path(name))) for name, split in splits.items()), "COCO files")
        contents = {name: _checked(folder, name) for name in files}
        _order(folder, contents, gathering)
        boxes_only = all(
            _has_no_more_than_box(entry) for content in contents.values() for entry in content["annotations"]
        )
        for name, content in contents.items():
            _note_crowds(folder, name, content, gathering)
            if content["annotations"]:
                _read_file(folder, name, content, splits[name], gathering, boxes_only)
            else:
                gathering.notes.append(
                    f"photos of {name}, which has no annotations, left out: {len(content['images']):,}"
                )


def _files(folder: SourceFolder, report: Report | None = None) -> list[str]:
    files = json_files(folder, _is_coco, report)
    instances = [name for name in files if name.rpartition("/")[2].startswith(_INSTANCES)]
    return instances or files  # beside COCO's own instances_*.json are person_keypoints_*.json and others


def _is_coco(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), list) for key in _LISTS)


def _checked(folder: SourceFolder, name: str) -> dict[str, Any]:
    """The file's content, whose entries have the keys that are needed."""
    content, where = folder.json(name), folder.path(name)
    needed = {"images": ("id", "file_name"), "annotations": ("image_id", "category_id"), "categories": ("id", "name")}
    for section, keys in needed.items():
        for number, entry in enumerate(content[section], start=1):
            for key in keys:
                value = entry.get(key) if isinstance(entry, dict) else None
                if not isinstance(value, str if key in ("file_name", "name") else Hashable) or value is None:
                    raise UserError(f"{where}: entry {number} of {section!r}: its {key!r} is missing or wrong: mend it")
    return content


def _order(folder: SourceFolder, contents: dict[str, dict[str, Any]], gathering: Gathering) -> None:
    """The categories by their numbers; 0 is one only if something has it: Roboflow writes the project's name there."""
    used = {entry["category_id"] for content in contents.values() for entry in content["annotations"]}
    categories = {}
    for name, content in contents.items():
        for entry in content["categories"]:
            if entry["id"] != 0 or 0 in used:
                categories.setdefault((str(type(entry["id"])), entry["id"], entry["name"]), name)
    for _, number, category in sorted(categories):
        name = categories[str(type(number)), number, category]
        gathering.order([category], f"{folder.path(name)}: category {number}")


def _has_no_more_than_box(entry: dict[str, Any]) -> bool:
    """Whether an object has no outline, or one that is its box: some tools write that for all boxes."""
    outline, box = entry.get("segmentation"), entry.get("bbox")
    if not outline:
        return True
    try:
        left, top, width, height = box
        (numbers,) = outline
        points = set(zip(numbers[::2], numbers[1::2], strict=True))
        return points == {(x, y) for x in (left, left + width) for y in (top, top + height)}
    except (TypeError, ValueError):
        return False


def _note_crowds(folder: SourceFolder, name: str, content: dict[str, Any], gathering: Gathering) -> None:
    outlined = [bool(entry.get("iscrowd")) for entry in content["annotations"] if entry.get("segmentation")]
    if sum(outlined) > _CROWDED * len(outlined):
        gathering.notes.append(
            f"{sum(outlined):,} of {len(outlined):,} outlines of {name} are marked as crowds, which do not count in a "
            "mask; datumaro and supervision mark objects in run lengths so. If they are objects: "
            f'sed -i \'s/"iscrowd": *1/"iscrowd": 0/g\' {shlex.quote(str(folder.path(name)))}'
        )


def _read_file(
    folder: SourceFolder, name: str, content: dict[str, Any], split: str, gathering: Gathering, boxes_only: bool
) -> None:
    where = folder.path(name)
    categories = {entry["id"]: entry["name"] for entry in content["categories"]}
    if len(categories) < len(content["categories"]):
        raise UserError(f"{where}: two categories have the same id: mend it")
    shown: dict[Any, list[tuple[str, str]]] = {entry["id"]: [] for entry in content["images"]}
    if len(shown) < len(content["images"]):
        raise UserError(f"{where}: two images have the same id: mend it")
    for number, entry in enumerate(content["annotations"], start=1):
        with gathering.mistakes():
            image, category = entry["image_id"], entry["category_id"]
            if image not in shown:
                raise UserError(f"{where}: annotation {number}: there is no image {str(image)[:50]!r}: mend it")
            if category not in categories:
                raise UserError(f"{where}: annotation {number}: there is no category {str(category)[:50]!r}: mend it")
            kind = "box" if boxes_only or not entry.get("segmentation") else "outline"
            shown[image].append((kind, categories[category]))
    for entry in content["images"]:
        with gathering.mistakes():
            place = f"{where}: image {str(entry['id'])[:50]!r}"
            try:
                photo = folder.photo(entry["file_name"], above(name), split_of(name))
            except UserError as error:
                raise UserError(f"{place}: {error}") from None
            shapes = shown[entry["id"]]
            gathering.add(place, split, photo, dict.fromkeys(category for _, category in shapes))
            gathering.add_outlines(photo, outlines(name, entry["id"], shapes, _AREAS))
