"""A folder that another tool wrote: its files, listed once, and its photos by any part of their names."""

import itertools
import posixpath
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from wsfcn_tf.data.layouts.splits import split_in_folders
from wsfcn_tf.data.photos.file_finder import no_photo, walk_files
from wsfcn_tf.data.photos.images import IMAGE_SUFFIXES
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import encoding_of, nfc, read_json

_LONGEST_HEADER = 1 << 20  # bytes
# where tools put masks: a photo has the same name
_MASK_FOLDERS = {"masks", "mask", "labels", "annotations", "segmentationclass", "segmentationobject"}


class SourceFolder:
    """The files in a folder and below, without hidden ones, as paths relative to it.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._json: dict[str, Any] = {}
        self._headers: dict[str, list[str]] = {}

    @cached_property
    def files(self) -> list[str]:
        """All files, sorted by folder. Raises UserError if a folder cannot be opened."""
        return list(walk_files(self.root, suffixes=("",)))

    @cached_property
    def photos(self) -> list[str]:
        """The files that have a photo's suffix; masks are among them."""
        return self.ending(*IMAGE_SUFFIXES)

    @property
    def photos_outside_masks(self) -> list[str]:
        """The photos that lie in no folder called like those of masks."""
        return [photo for photo in self.photos if not _is_among_masks(photo)]

    def ending(self, *suffixes: str) -> list[str]:
        """The files with one of these suffixes, which are in lower case."""
        return [name for name in self.files if name.lower().endswith(suffixes)]

    def path(self, name: str) -> Path:
        """A file's whole path."""
        return self.root / name

    def json(self, name: str) -> Any:
        """A JSON file's value, read once. Raises UserError if it is not JSON."""
        if name not in self._json:
            self._json[name] = read_json(self.path(name))
        return self._json[name]

    def header(self, name: str) -> list[str]:
        """The fields of a table's first line, stripped; none if it cannot be opened."""
        if name not in self._headers:
            line = _first_line(self.path(name))
            line = line.decode(encoding_of(line[:4]), "replace").rstrip("\ufffd")  # half of UTF-16's line break
            separator = max(",;\t", key=line.count)
            self._headers[name] = [field.strip(' "\r\n') for field in line.split(separator)]
        return self._headers[name]

    def photo(self, name: str, near: str = "", split: str | None = None) -> str:
        """The photo that an annotation names.

        Args:
            name: as written: a path from `near`, from the root, or from a folder that is not there any more; its suffix
                may be left out, and its accents composed or not.
            near: the folder, "" or with a slash at its end, that is meant if several have such a photo.
            split: that whose folders are meant then.

        Raises:
            UserError: there is no such photo, or several; the message says so, but not where the name is written.
        """
        found = self.find(name, near, split)
        if found is None:
            raise UserError(no_photo(name, self.root))
        return found

    def find(self, name: str, near: str = "", split: str | None = None) -> str | None:
        """As `photo`; None if there is no such photo."""
        plain = nfc(posixpath.normpath(name.strip().replace("\\", "/"))) if name.strip() else ""
        direct = posixpath.normpath(nfc(near) + plain) if near else plain
        by_path = self._by_path
        if plain and (direct in by_path or plain in by_path):
            return by_path[direct] if direct in by_path else by_path[plain]
        last = plain.rpartition("/")[2]
        index = self._by_last_part if last.lower().endswith(IMAGE_SUFFIXES) else self._by_stem
        found = self._narrowed(index.get(last, []), plain, near, split)
        if len(found) > 1:
            raise UserError(f"photo {name[:200]!r} can be {found[0]} or {found[1]} in {self.root}: rename one of them")
        return found[0] if found else None

    def beside(self, name: str) -> list[str]:
        """The photos that lie beside a file and are named like it."""
        last = nfc(name.rpartition("/")[2])
        return [photo for photo in self._by_stem.get(stem(last), []) if above(photo) == above(name)]

    def _narrowed(self, found: list[str], plain: str, near: str, split: str | None) -> list[str]:
        """Of several photos, those that are meant."""
        if len(found) > 1:
            most = max(_shared_folders(photo, plain) for photo in found)
            found = [photo for photo in found if _shared_folders(photo, plain) == most]
        for is_meant in (
            lambda photo: photo.startswith(near),
            lambda photo: split is None or split_in_folders(photo) == split,
            lambda photo: not _is_among_masks(photo),
        ):
            if len(found) > 1:
                found = [photo for photo in found if is_meant(photo)] or found
        return found

    @cached_property
    def _by_path(self) -> dict[str, str]:
        return {nfc(photo): photo for photo in self.photos}

    @cached_property
    def _by_last_part(self) -> dict[str, list[str]]:
        return _index(self.photos, lambda last: last)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return _index(self.photos, stem)


def _first_line(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.readline(_LONGEST_HEADER)
    except OSError:  # such as a link to nothing
        return b""


def _shared_folders(photo: str, written: str) -> int:
    """How many of the folders right above a photo are as written."""
    pairs = zip(reversed(nfc(photo).split("/")[:-1]), reversed(written.split("/")[:-1]), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _is_among_masks(photo: str) -> bool:
    return not _MASK_FOLDERS.isdisjoint(photo.lower().split("/")[:-1])


def _index(photos: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for photo in photos:
        found.setdefault(key(nfc(photo.rpartition("/")[2])), []).append(photo)
    return found


def stem(name: str) -> str:
    """A file's path without its suffix."""
    return name.rpartition(".")[0]


def above(name: str) -> str:
    """The folder that a file lies in, "" or with a slash at its end."""
    return name[: name.rfind("/") + 1]
