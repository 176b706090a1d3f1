"""The course of a run as a table: one row of means per epoch."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import write_text


def write_row(path: Path, epoch: int, means: Mapping[str, float]) -> None:
    """Writes an epoch's row to a CSV file, complete or not at all.

    Args:
        path: the file; made with a header if it is not there.
        epoch: counted from 1. Rows from this one on, which an interrupted run left, are replaced.
        means: {column: value}, the same columns in every epoch.

    Raises:
        UserError: the file has other columns.
    """
    columns = ["epoch", *means]
    earlier = read(path)
    if any(list(row) != columns or not row["epoch"].isdecimal() for row in earlier):
        raise UserError(f"{path}: is not the table of a run ({','.join(columns)}); move it away")
    earlier = [row for row in earlier if int(row["epoch"]) < epoch]
    _write(path, columns, [*earlier, {"epoch": str(epoch)} | {name: f"{mean:.6g}" for name, mean in means.items()}])


def truncate(path: Path, epochs: int) -> None:
    """Leaves the rows of the first `epochs` epochs; a table that is not a run's is `write_row`'s matter."""
    rows = read(path)
    kept = [row for row in rows if not str(row.get("epoch")).isdecimal() or int(row["epoch"]) <= epochs]
    if len(kept) < len(rows):
        _write(path, list(rows[0]), kept)


def read(path: Path) -> list[dict[str, str]]:
    """The rows so far, {column: text}, oldest first; none if there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue(), durable=True)
