"""Reading any record of a prepared TFDS dataset's files by its number."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError

_HEADER = struct.Struct("<QI")  # of a TFRecord: the data's length, and a checksum of the length
_FOOTER = 4  # a checksum of the data


def open_records(path: Path) -> Sequence[bytes]:
    """The records of one file.

    Raises:
        UserError: the file is missing, cut short, or of a kind without random access.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such file: prepare the dataset again")
    if ".tfrecord" in path.name:
        return TfRecords(path)
    if ".array_record" in path.name:
        from array_record.python.array_record_data_source import ArrayRecordDataSource  # not there on every system

        return ArrayRecordDataSource([str(path)])
    raise UserError(f"{path}: only tfrecord and array_record files can be read by number: prepare the dataset as these")


class TfRecords(Sequence[bytes]):
    """The records of a TFRecord file, which has no index: one pass over their headers makes it, 8 bytes per record.

    Only the index stays in memory; a record is read when it is asked for. Records are read by any number of threads, as
    each read opens the file.

    Args:
        path: the file.

    Raises:
        UserError: it is cut short.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts = _scan(path)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(index)
        start, end = self._starts[index : index + 2].tolist()
        with self._path.open("rb") as file:
            file.seek(start + _HEADER.size)
            return file.read(end - start - _HEADER.size - _FOOTER)


def _scan(path: Path) -> np.ndarray:
    """Where each record starts, and where the last one ends: int64 [N+1]."""
    starts, size = [0], path.stat().st_size
    with path.open("rb", buffering=0) as file:  # a buffer would read all of the data that is skipped
        while starts[-1] < size:
            header = file.read(_HEADER.size)
            if len(header) == _HEADER.size:
                starts.append(starts[-1] + _HEADER.size + _HEADER.unpack(header)[0] + _FOOTER)
            if len(header) < _HEADER.size or starts[-1] > size:
                raise UserError(f"{path}: is cut short: prepare the dataset again")
            file.seek(starts[-1])
    return np.array(starts, np.int64)
