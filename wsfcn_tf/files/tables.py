"""CSV files as spreadsheets write them: any of the usual separators, quotes, blank rows and columns."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from wsfcn_tf.errors import UserError
from wsfcn_tf.files.atomic import write_text
from wsfcn_tf.files.reading import read_text

_SEPARATORS = (",", ";", "\t")  # Excel writes semicolons where the comma is the decimal sign


def read_table(path: Path, first_column: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Reads a table in UTF-8, with or without byte order mark, or in UTF-16 with one.

    The separator (comma, semicolon or tab) is told by the header. Blank rows, and blank columns at the right, are left
    out.

    Args:
        path: the file.
        first_column: a column that the header holds, which tells the separator.

    Returns:
        The header's fields, stripped, and the rows: each the number of its first line, counted from 1, and its fields,
        as many as there are, not stripped. The rows raise UserError where quotes are wrong.

    Raises:
        UserError: the file is missing, is neither, or names a column twice or not at all.
    """
    text = read_text(path)
    first_line = text.lstrip().partition("\n")[0]
    fits = (sep for sep in _SEPARATORS if first_column in (cell.strip(' "') for cell in first_line.split(sep)))
    records = _records(path, text, next((sep for sep in fits if sep in first_line), ","))
    header = [name.strip() for name in _without_blanks_at_the_end(next(records, (1, []))[1])]
    for position, name in enumerate(header, start=1):
        if not name:
            raise UserError(f"{path}: line 1: column {position} has no name: name it, or remove it")
        if name in header[: position - 1]:
            raise UserError(f"{path}: line 1: column {name!r} is there twice: remove one")
    return header, _rows(records, len(header))


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes a table in UTF-8 with commas, all or nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def column(header: Sequence[str], name: str, path: Path, wanted: str) -> int:
    """The position of a column. Raises UserError, which says what the header has to be, if there is none."""
    if name not in header:
        raise UserError(f"{path}: line 1: there is no column {name!r}: the header has to be {wanted}")
    return header.index(name)


def _records(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(f"{path}: line {line}: cannot be read as CSV ({error}): check the quotes") from None
        if any(map(str.strip, fields)):
            yield line, fields


def _rows(records: Iterator[tuple[int, list[str]]], width: int) -> Iterator[tuple[int, list[str]]]:
    for line, fields in records:
        if len(fields) > width:
            fields = fields[:width] + _without_blanks_at_the_end(fields[width:])
        yield line, fields


def _without_blanks_at_the_end(fields: list[str]) -> list[str]:
    filled = [position for position, field in enumerate(fields, start=1) if field.strip()]
    return fields[: filled[-1]] if filled else []
