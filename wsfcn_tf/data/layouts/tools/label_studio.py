"""Label Studio's JSON, JSON-MIN and CSV: choices, and the labels of boxes, polygons, brushes and their like."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from wsfcn_tf.data.layouts.annotations import json_files, none_fits
from wsfcn_tf.data.layouts.folder import SourceFolder, above
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.splits import split_of_folders
from wsfcn_tf.data.photos.file_finder import no_photo
from wsfcn_tf.data.photos.images import IMAGE_SUFFIXES
from wsfcn_tf.errors import Report, UserError, refuse, some
from wsfcn_tf.files.reading import parse_json
from wsfcn_tf.files.tables import read_table

_OF_ANNOTATIONS = {"annotation_id", "annotator", "lead_time", "created_at", "updated_at", "id", "agreement"}
_TELLING = {"annotation_id", "lead_time", "annotator"}
_USUAL = {
    "choice",
    "choices",
    "label",
    "labels",
    "class",
    "classes",
    "tag",
    "tags",
}  # what a field of choices is called
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
        for where, data, annotations in _tasks(folder, name, choices):
            with gathering.mistakes():
                if not annotations:
                    continue
                tags = [list(dict.fromkeys(annotation)) for annotation in annotations]
                if any(set(tags[0]) != set(others) for others in tags[1:]):
                    raise UserError(f"{where}: its {len(tags)} annotations differ: keep one of them")
                photo = _photo(folder, name, data, where)
                gathering.add(where, split_of_folders(photo), photo, tags[0])


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


def _tasks(folder: SourceFolder, name: str, choices: Choices) -> Iterator[tuple[str, dict[str, Any], list[list[str]]]]:
    """Each task's place, its data, and the tags of each annotation that was not cancelled."""
    path, column, entries = folder.path(name), choices.tag_column, list(_entries(folder, name))
    if column is None:
        _check_texts((entry for _, entry in entries if "annotations" not in entry), path)
    for where, entry in entries:
        if "annotations" not in entry:
            yield where, entry, [_tags_of_fields(entry, column, where)]
            continue
        data, annotations = entry.get("data"), entry["annotations"]
        if not (isinstance(data, dict) and isinstance(annotations, list)):
            raise UserError(f"{where}: is not Label Studio's: data and annotations are a list of results there")
        yield where, data, [_tags_of_results(one, column, where) for one in annotations if not _is_cancelled(one)]


def _entries(folder: SourceFolder, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each task or row, and its place."""
    path = folder.path(name)
    if name.lower().endswith(".json"):
        for number, entry in enumerate(folder.json(name), start=1):
            if not isinstance(entry, dict):
                raise UserError(f"{path}: task {number}: is not Label Studio's: export it again")
            yield f"{path}: task {number}", entry
        return
    header, rows = read_table(path, "annotation_id")
    for line, fields in rows:
        where = f"{path}: line {line}"
        if len(fields) != len(header):
            raise UserError(f"{where}: not as many fields as the header has: mend the row")
        yield where, {key: _cell(field, where) for key, field in zip(header, fields, strict=True)}


def _is_cancelled(annotation: Any) -> bool:
    return isinstance(annotation, dict) and bool(annotation.get("was_cancelled"))


def _cell(field: str, where: str) -> Any:
    return parse_json(field, where) if field.lstrip()[:1] in ("[", "{") else field.strip()


def _tags_of_results(annotation: Any, column: str | None, where: str) -> list[str]:
    results = annotation.get("result") if isinstance(annotation, dict) else None
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise UserError(f"{where}: an annotation has no list of results: export it again")
    of_column = (result for result in results if column in (None, result.get("from_name")))
    return [tag for result in of_column for tag in _tags_of(result.get("value"), where)]


def _tags_of_fields(entry: dict[str, Any], column: str | None, where: str) -> list[str]:
    """The tags in a row of JSON-MIN or CSV: in its regions and choices, and in fields of text."""
    if column is not None and column not in entry:
        raise UserError(f"{where}: there is no {column!r}, which data.tag_column (--tag-column) names")
    fields = _answers(entry) if column is None else {column: entry[column] or []}
    return [tag for value in fields.values() for tag in ([value] if isinstance(value, str) else _tags_of(value, where))]


def _answers(entry: dict[str, Any]) -> dict[str, Any]:
    """The fields that could hold tags."""
    return {
        key: value
        for key, value in entry.items()
        if key not in _OF_ANNOTATIONS and value and isinstance(value, dict | list | str) and not _is_photo(value)
    }


def _check_texts(entries: Iterable[dict[str, Any]], path: Path) -> None:
    """Raises UserError if a field of text need not be a choice: it might be a note, or what the task came with."""
    texts = dict.fromkeys(key for entry in entries for key, value in _answers(entry).items() if isinstance(value, str))
    if len(texts) > 1 or not texts.keys() <= _USUAL:
        either = some(list(texts))
        raise UserError(f"{path}: {either} could hold the tag: say which does with data.tag_column (--tag-column)")


def _tags_of(value: Any, where: str) -> list[str]:
    """The texts in `choices`, `labels`, `brushlabels` and their like, however deep."""
    if isinstance(value, list):
        return [tag for part in value if isinstance(part, dict) for tag in _tags_of(part, where)]
    tags: list[str] = []
    for key, found in value.items() if isinstance(value, dict) else ():
        if key == "choices" or key.endswith("labels"):
            if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
                raise UserError(f"{where}: {key[:50]!r} is no list of texts: export it again")
            tags += found
    return tags


def _is_photo(value: Any) -> bool:
    return isinstance(value, str) and _file_name(value).lower().endswith(IMAGE_SUFFIXES)


def _file_name(value: str) -> str:
    """The path in an address: that of its query where Label Studio serves local files."""
    if not any(mark in value for mark in ("?", "%", "://")):
        return value
    try:
        address = urlsplit(value)
    except ValueError:
        return value
    local = parse_qs(address.query).get("d")
    return local[0] if local else unquote(address.path)


def _photo(folder: SourceFolder, file: str, data: dict[str, Any], where: str) -> str:
    names = [value for key, value in data.items() if key not in _OF_ANNOTATIONS and _is_photo(value)]
    if len(names) != 1:
        raise UserError(f"{where}: names {len(names)} photos, not one")
    name = _file_name(names[0]).lstrip("/")
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
