"""Label Studio's JSON, JSON-MIN and CSV: choices, and the labels of boxes, polygons, brushes and their like."""

import re
from dataclasses import replace
from typing import Any

from wsfcn_tf.data.layouts.annotations import json_files, none_fits
from wsfcn_tf.data.layouts.folder import SourceFolder, above
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.outlines import outlines
from wsfcn_tf.data.layouts.splits import split_of_folders
from wsfcn_tf.data.layouts.tools.label_studio_tasks import (
    OF_ANNOTATIONS,
    Region,
    file_name,
    is_photo,
    kind_of,
    labels_of,
    tasks,
)
from wsfcn_tf.data.photos.file_finder import no_photo
from wsfcn_tf.errors import Report, UserError, refuse, some

_TELLING = {"annotation_id", "lead_time", "annotator"}
_AREAS = ("brush", "polygon")
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")  # what an upload puts before a photo's name


def recognise(folder: SourceFolder) -> str | None:
    """A JSON list of tasks with annotations, or a table or list with annotation_id, annotator or lead_time."""
    files = _json_files(folder) + _tables(folder)
    return f"Label Studio's export ({some(files, 3)})" if files else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows what was chosen for it and the labels of its regions; one without an annotation is left out."""
    with gathering.mistakes():
        files = _json_files(folder, refuse) + _tables(folder)
        if not files:
            raise none_fits(folder, (".json", ".csv", ".tsv"), "export of Label Studio's")
        if len(files) > 1:
            raise UserError(f"{folder.root}: has {some(files)}, and each would say what the tags are: keep one of them")
        name = files[0]
        for number, (where, data, annotations) in enumerate(tasks(folder, name, choices)):
            with gathering.mistakes():
                if annotations:
                    shapes = _agreed(annotations, where)
                    photo = _photo(folder, name, data, where)
                    gathering.add(where, split_of_folders(photo), photo, dict.fromkeys(label for _, label in shapes))
                    found = outlines(name, number, shapes, _AREAS)
                    if len(annotations) > 1 and found.drawn:
                        found = replace(found, lacking=f"has {len(annotations)} annotations")
                    gathering.add_outlines(photo, found)


def _agreed(annotations: list[list[Region]], where: str) -> list[tuple[str, str]]:
    """Pairs of kind and label in the first annotation. Raises UserError if others have other labels."""
    shapes = [
        [(kind_of(region), label) for region in annotation for label in labels_of(region, where)]
        for annotation in annotations
    ]
    labels = [{label for _, label in annotation} for annotation in shapes]
    if any(others != labels[0] for others in labels[1:]):
        raise UserError(f"{where}: its {len(shapes)} annotations differ: keep one of them")
    return shapes[0]


def _json_files(folder: SourceFolder, report: Report | None = None) -> list[str]:
    return json_files(folder, lambda value: _is_full(value) or _is_min(value), report)


def _is_full(value: Any) -> bool:
    entry = value[0] if isinstance(value, list) and value else None
    return isinstance(entry, dict) and isinstance(entry.get("annotations"), list) and "data" in entry


def _is_min(value: Any) -> bool:
    entry = value[0] if isinstance(value, list) and value else None
    return isinstance(entry, dict) and len(_TELLING & entry.keys()) > 1


def _tables(folder: SourceFolder) -> list[str]:
    return [name for name in folder.ending(".csv", ".tsv") if len(_TELLING & set(folder.header(name))) > 1]


def _photo(folder: SourceFolder, file: str, data: dict[str, Any], where: str) -> str:
    names = [value for key, value in data.items() if key not in OF_ANNOTATIONS and is_photo(value)]
    if len(names) != 1:
        raise UserError(f"{where}: names {len(names)} photos, not one")
    name = file_name(names[0]).lstrip("/")
    try:
        found = folder.find(name, above(file))
        last = name.rpartition("/")[2]
        if found is None and _UPLOADED.match(last):
            found = folder.find(_UPLOADED.sub("", last, count=1), above(file))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    if found is None:
        raise UserError(f"{where}: {no_photo(name, folder.root)}")
    return found
