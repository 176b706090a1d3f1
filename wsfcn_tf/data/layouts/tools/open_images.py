"""Open Images' CSV files: labels of photos, or boxes, with machine-readable names and a table of what they mean."""

import csv

from wsfcn_tf.data.layouts.annotations import none_fits
from wsfcn_tf.data.layouts.folder import SourceFolder, stem
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.splits import split_in_folders, split_of
from wsfcn_tf.errors import UserError, some
from wsfcn_tf.files.reading import nfc, read_text
from wsfcn_tf.files.tables import column, read_table

_COLUMNS = "ImageID,LabelName"
_CODES = ("/m/", "/g/", "/t/")


def recognise(folder: SourceFolder) -> str | None:
    """A table with the columns ImageID and LabelName."""
    files = _tables(folder)
    return f"Open Images' tables ({some(files, 3)})" if files else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the labels of confidence 1 and of boxes; one that only has others shows none.

    Rows of photos that are not there are left out: few people have them all.
    """
    with gathering.mistakes():
        files = _tables(folder)
        if not files:
            raise none_fits(folder, (".csv",), "table with the columns ImageID and LabelName")
        names = _descriptions(folder)
        photos = {split: _photos(folder, split) for split in {split_of(name) for name in files}}
        missing: set[str] = set()
        for name in files:
            _read_table(folder, name, names, photos[split_of(name)], missing, gathering)
        if missing:
            gathering.notes.append(f"photos that the tables name and that are not there: {len(missing):,}")


def _read_table(
    folder: SourceFolder,
    name: str,
    names: dict[str, str],
    photos: dict[str, str],
    missing: set[str],
    gathering: Gathering,
) -> None:
    path, split = folder.path(name), split_of(name) or "train"
    header, rows = read_table(path, "ImageID")
    image, label = (column(header, wanted, path, _COLUMNS) for wanted in _COLUMNS.split(","))
    confidence = header.index("Confidence") if "Confidence" in header else None
    for line, fields in rows:
        with gathering.mistakes():
            where = f"{path}: line {line}"
            if len(fields) != len(header):
                raise UserError(f"{where}: not as many fields as the header has: mend the row")
            photo = photos.get(nfc(fields[image].strip()))
            if photo is None:
                missing.add(fields[image])
                continue
            shown = confidence is None or _is_shown(fields[confidence], where)
            code = fields[label].strip()
            if code.startswith(_CODES) and code not in names:
                raise UserError(f"{where}: what {code[:50]!r} means is not in a class-descriptions table: add that")
            gathering.add(where, split, photo, [names.get(code, code)] if shown else [], again=True)


def _is_shown(confidence: str, where: str) -> bool:
    try:
        value = float(confidence)
    except ValueError:
        value = -1.0
    if value not in (0, 1):
        found = f"Confidence {confidence[:50]!r} is neither 0 nor 1"
        raise UserError(f"{where}: {found}: take the labels that people verified, not the machine's")
    return value == 1


def _tables(folder: SourceFolder) -> list[str]:
    return [name for name in folder.ending(".csv") if {"ImageID", "LabelName"} <= set(folder.header(name))]


def _descriptions(folder: SourceFolder) -> dict[str, str]:
    """From codes such as /m/0bt9lr to names."""
    names: dict[str, str] = {}
    for file in folder.ending(".csv"):
        if "descriptions" not in file and file.rpartition("/")[2] != "classes.csv":
            continue
        for number, row in enumerate(csv.reader(read_text(folder.path(file)).splitlines()), start=1):
            if len(row) == 2 and row[0].startswith(_CODES) and names.setdefault(row[0], row[1]) != row[1]:
                raise UserError(f"{folder.path(file)}: line {number}: {row[0]!r} has another name elsewhere: keep one")
    return names


def _photos(folder: SourceFolder, split: str | None) -> dict[str, str]:
    """From photos' names, without folder and suffix, to the photos of a split."""
    found: dict[str, str] = {}
    for photo in folder.photos_outside_masks:
        if split is None or split_in_folders(photo) in (None, split):
            other = found.setdefault(nfc(stem(photo.rpartition("/")[2])), photo)
            if other != photo:
                raise UserError(f"{folder.path(photo)}: {other} has the same name: keep one")
    return found
