"""YOLO's data.yaml: the classes' names, and which photos are in which split."""

import posixpath
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import yaml

from wsfcn_tf.data.layouts.folder import SourceFolder, above
from wsfcn_tf.data.photos.images import IMAGE_SUFFIXES
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import read_lines, read_text

_KEYS = {"train": "train", "val": "val", "valid": "val", "test": "test"}
_MOST_BYTES = 1 << 20  # what is larger holds more than names and paths


class DataFile:
    """One such file.

    Args:
        folder: that it lies in.
        name: its path there.
        content: its value.
    """

    def __init__(self, folder: SourceFolder, name: str, content: dict[Any, Any]) -> None:
        self._folder = folder
        self.name = name
        self._content = content

    @cached_property
    def class_names(self) -> list[str]:
        """By number. Raises UserError if they are not texts, or a number is left out."""
        where, names = self._folder.path(self.name), self._content["names"]
        if isinstance(names, dict):
            if sorted(map(str, names)) != sorted(map(str, range(len(names)))):
                raise UserError(f"{where}: names: has to number the classes from 0 on without a gap")
            names = [value for _, value in sorted(names.items(), key=lambda item: int(item[0]))]
        if not (isinstance(names, list) and names and all(type(name) in (str, int, float) for name in names)):
            raise UserError(f"{where}: names: has to be a list of the classes' names, such as [cat, dog]")
        if self._content.get("nc", len(names)) != len(names):
            raise UserError(f"{where}: nc is {self._content['nc']}, but there are {len(names)} names: mend it")
        return list(map(str, names))

    @property
    def has_splits(self) -> bool:
        """Whether it says which photos are in which split."""
        return any(self._content.get(key) for key in _KEYS)

    @property
    def has_keypoints(self) -> bool:
        """Whether lines have keypoints behind a box."""
        return "kpt_shape" in self._content

    def photos(self) -> Iterator[tuple[str, str]]:
        """The splits' photos: pairs of split and path. Raises UserError if a folder or list of them is not there."""
        if self._content.get("val") and self._content.get("valid"):
            raise UserError(f"{self._folder.path(self.name)}: has val and valid, which are the same split: keep one")
        for key, split in _KEYS.items():
            entries = self._content.get(key) or []
            for entry in entries if isinstance(entries, list) else [entries]:
                where = f"{self._folder.path(self.name)}: {key}"
                if not isinstance(entry, str):
                    raise UserError(f"{where}: {str(entry)[:50]!r} is no folder: name that of the split's photos")
                found = self._below(entry) if not entry.endswith(".txt") else self._listed(entry, where)
                if not found and key != "test":  # which templates name, and few folders have
                    raise UserError(f"{where}: there is no photo in {entry!r}, looked for in {self._folder.root}")
                yield from ((split, photo) for photo in found)

    def _places(self, entry: str) -> Iterator[str]:
        """Where a path may be meant to begin: at `path`, at the file, or at a folder that is not there any more."""
        base = self._content.get("path")
        entry, own = entry.replace("\\", "/"), above(self.name)
        for start in (f"{base}/" if isinstance(base, str) else "", ""):
            yield posixpath.normpath(own + start + entry)
        parts = [part for part in posixpath.normpath(entry).split("/") if part not in ("", ".", "..")]
        for first in range(max(1, len(parts) - 1)):  # of ../valid/images not only images, which any split may have
            yield posixpath.normpath(own + "/".join(parts[first:]))

    def _below(self, entry: str) -> list[str]:
        for place in self._places(entry):
            found = [photo for photo in self._folder.photos if place == "." or photo.startswith(f"{place}/")]
            if found:
                return found
        return []

    def _listed(self, entry: str, where: str) -> list[str]:
        files = set(self._folder.ending(".txt"))
        file = next((place for place in self._places(entry) if place in files), None)
        if file is None:
            raise UserError(f"{where}: there is no list {entry!r}, looked for in {self._folder.root}")
        found = []
        for number, line in enumerate(read_lines(self._folder.path(file)), start=1):
            try:
                if not line.lower().endswith(IMAGE_SUFFIXES):
                    raise UserError(f"{line[:100]!r} is no photo's file")
                found.append(self._folder.photo(line, above(file)))
            except UserError as error:
                raise UserError(f"{self._folder.path(file)}: line {number}: {error}") from None
        return found


def find_data_file(folder: SourceFolder) -> DataFile | None:
    """The YAML file with `names`; None if there is none. Raises UserError if there are several."""
    found = []
    for name in folder.ending(".yaml", ".yml"):
        path = folder.path(name)
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            continue
        try:
            content = yaml.safe_load(read_text(path))
        except (yaml.YAMLError, UserError, ValueError, RecursionError):
            if name.rpartition("/")[2] in ("data.yaml", "dataset.yaml"):
                raise UserError(f"{path}: is not valid YAML: mend it") from None
            continue
        if isinstance(content, dict) and content.get("names"):
            found.append(DataFile(folder, name, content))
    if len(found) > 1:
        raise UserError(f"{folder.path(found[0].name)} and {found[1].name} both name classes: keep one")
    return found[0] if found else None
