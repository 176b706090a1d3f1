"""What a tool's form of annotations can be asked, and how it is to be written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.files import remove, write_json
from wsfcn_tf.files.reading import read_json

_PARTS = ".parts"


@dataclass(frozen=True)
class Options:
    """How regions are written.

    Attributes:
        tolerance: in pixels, how far a polygon may be from what it leaves out.
        run_lengths: a class's pixels as they are, in run lengths, instead of polygons.
        photo_prefix: Label Studio only: what its addresses of photos begin with.
    """

    tolerance: float = 1.0
    run_lengths: bool = False
    photo_prefix: str = ""


class Form(Protocol):
    """A folder of annotations in one tool's form; each of its files is complete or absent.

    Attributes:
        photos: the folder in which the tool, or our reader of its form, looks for the photos.
        told: what to tell the user about: the file that `finish` writes or, if each photo has its own, the folder.
        is_edited_there: whether people correct the files where they were written.
    """

    photos: Path
    told: Path
    is_edited_there: bool

    def has(self, name: str) -> bool:
        """Whether a photo was written, now or by an earlier process."""

    def write(self, photo: LabelledPhoto) -> None:
        """Writes a photo's annotations."""

    def finish(self, names: Sequence[str]) -> None:
        """Writes what belongs to all photos.

        Args:
            names: the photos written, in the order that the file has them.
        """


class Parts:
    """What each photo adds to a form's one file, kept in hidden files until all are there, and for what comes later.

    Args:
        folder: of the form's file.
        form: its name, so that two forms may share a folder.
    """

    def __init__(self, folder: Path, form: str) -> None:
        self._folder = folder / _PARTS / form

    def has(self, name: str) -> bool:
        """Whether the photo's part is there."""
        return self._file(name).is_file()

    def put(self, name: str, part: Any) -> None:
        """Writes a photo's part: plain values."""
        write_json(self._file(name), part)

    def of(self, names: Sequence[str]) -> list[Any]:
        """The parts of some photos. Raises UserError if one is broken."""
        return [read_json(self._file(name)) for name in names]

    def clear(self) -> None:
        """Forgets the parts of all photos."""
        if self._folder.exists():
            remove(self._folder)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"
