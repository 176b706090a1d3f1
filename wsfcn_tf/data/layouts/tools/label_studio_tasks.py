"""The tasks in an export of Label Studio's, JSON, JSON-MIN or CSV, and what their annotations say."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.outlines import OF_PHOTO
from wsfcn_tf.data.photos.images import IMAGE_SUFFIXES
from wsfcn_tf.errors import UserError, some
from wsfcn_tf.files.reading import parse_json
from wsfcn_tf.files.tables import read_table

OF_ANNOTATIONS = {"annotation_id", "annotator", "lead_time", "created_at", "updated_at", "id", "agreement"}
# what a field of choices is called
_USUAL = {"choice", "choices", "label", "labels", "class", "classes", "tag", "tags"}
_SIZES = ("original_width", "original_height", "image_rotation")  # beside a region's value in JSON, in it in the others

Region = dict[str, Any]  # choices, or a shape and its labels, with its picture's sizes


def tasks(
    folder: SourceFolder, name: str, choices: Choices
) -> Iterator[tuple[str, dict[str, Any], list[list[Region]]]]:
    """Each task's place, its data, and the regions of each annotation that was not cancelled."""
    path, column, entries = folder.path(name), choices.tag_column, list(_entries(folder, name))
    if column is None:
        _check_texts((entry for _, entry in entries if "annotations" not in entry), path)
    for where, entry in entries:
        if "annotations" not in entry:
            yield where, entry, [_regions_of_fields(entry, column, where)]
            continue
        data, annotations = entry.get("data"), entry["annotations"]
        if not (isinstance(data, dict) and isinstance(annotations, list)):
            raise UserError(f"{where}: is not Label Studio's: data and annotations are a list of results there")
        yield where, data, [_regions_of_results(one, column, where) for one in annotations if not _is_cancelled(one)]


def labels_of(region: Region, where: str) -> list[str]:
    """The texts in `choices`, `labels`, `brushlabels` and their like. Raises UserError if these are no texts."""
    tags: list[str] = []
    for key, found in region.items():
        if key == "choices" or key.endswith("labels"):
            if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
                raise UserError(f"{where}: {key[:50]!r} is no list of texts: export it again")
            tags += found
    return tags


def kind_of(region: Region) -> str:
    """What a region is: "brush", "polygon", "tag" (of the photo), "box", or "region" for all others."""
    if "choices" in region:
        return OF_PHOTO
    if region.get("rle"):
        return "brush"
    if region.get("points") and region.get("closed") is not False:
        return "polygon"
    return "box" if "width" in region and "height" in region else "region"


def is_photo(value: Any) -> bool:
    """Whether a field names a photo."""
    return isinstance(value, str) and file_name(value).lower().endswith(IMAGE_SUFFIXES)


def file_name(value: str) -> str:
    """The path in an address: that of its query where Label Studio serves local files."""
    if not any(mark in value for mark in ("?", "%", "://")):
        return value
    try:
        address = urlsplit(value)
    except ValueError:
        return value
    local = parse_qs(address.query).get("d")
    return local[0] if local else unquote(address.path)


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


def _regions_of_results(annotation: Any, column: str | None, where: str) -> list[Region]:
    results = annotation.get("result") if isinstance(annotation, dict) else None
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise UserError(f"{where}: an annotation has no list of results: export it again")
    of_column = (result for result in results if column in (None, result.get("from_name")))
    return [
        {key: result[key] for key in _SIZES if key in result} | region
        for result in of_column
        for region in _regions_of(result.get("value"))
    ]


def _regions_of_fields(entry: dict[str, Any], column: str | None, where: str) -> list[Region]:
    """The regions in a row of JSON-MIN or CSV: regions, choices, and fields of text, which are choices."""
    if column is not None and column not in entry:
        raise UserError(f"{where}: there is no {column!r}, which data.tag_column (--tag-column) names")
    fields = _answers(entry) if column is None else {column: entry[column] or []}
    return [region for value in fields.values() for region in _regions_of(value)]


def _regions_of(value: Any) -> list[Region]:
    """The mappings in a list, one mapping, or a text as a choice."""
    if isinstance(value, list):
        return [part for part in value if isinstance(part, dict)]
    if isinstance(value, str):
        return [{"choices": [value]}]
    return [value] if isinstance(value, dict) else []


def _answers(entry: dict[str, Any]) -> dict[str, Any]:
    """The fields that could hold tags."""
    return {
        key: value
        for key, value in entry.items()
        if key not in OF_ANNOTATIONS and value and isinstance(value, dict | list | str) and not is_photo(value)
    }


def _check_texts(entries: Iterable[dict[str, Any]], path: Path) -> None:
    """Raises UserError if a field of text need not be a choice: it might be a note, or what the task came with."""
    texts = dict.fromkeys(key for entry in entries for key, value in _answers(entry).items() if isinstance(value, str))
    if len(texts) > 1 or not texts.keys() <= _USUAL:
        either = some(list(texts))
        raise UserError(f"{path}: {either} could hold the tag: say which does with data.tag_column (--tag-column)")
