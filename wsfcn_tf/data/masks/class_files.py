"""Masks with a file for each class: NAME_CLASS.png, in which all but 0 is the class."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.masks.stored_values import StoredValues
from wsfcn_tf.data.photos.file_finder import FileFinder, walk_files
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc


class ClassFiles:
    """Which photos have a file for each class, and what is in them.

    A file that has a photo's whole name is that photo's, whatever its name ends in.

    Args:
        folder: where the files are, in sub-folders like the photos'; it need not exist.
        class_names: of the foreground.
        photos: finds a photo by its name without suffix.
        suffixes: those of the files.
    """

    def __init__(self, folder: Path, class_names: Sequence[str], photos: FileFinder, suffixes: Sequence[str]) -> None:
        self._folder = folder
        self._labels = {name: label for label, name in enumerate(class_names, start=1)} | {"ignore": IGNORE}
        self._photos = photos
        self._suffixes = tuple(suffixes)

    def of(self, stem: str) -> Mapping[int, Path]:
        """{label: file} of a photo, by its name without suffix; empty unless one is a class's.

        Raises:
            UserError: a file's name has two meanings.
        """
        files = self._found.get(nfc(stem), {})
        return files if files.keys() - {IGNORE} else {}

    def owner(self, stem: str) -> str | None:
        """The photo that a mask file belongs to as one of several, both without suffix; None if it is no such file."""
        found = [
            (stem[: -len(name) - 1], name)
            for name in self._labels
            if stem.endswith(f"_{name}") and self._is_photo(stem[: -len(name) - 1])
        ]
        if len(found) > 1:
            either = " or ".join(f"{name!r} in {photo!r}" for photo, name in found)
            raise UserError(f"{self._folder / stem}: can be {either}: rename the photos or the class")
        return found[0][0] if found else None

    @cached_property
    def _found(self) -> dict[str, dict[int, Path]]:
        found: dict[str, dict[int, Path]] = {}
        endings = tuple(f"_{name}" for name in self._labels)
        for file in walk_files(self._folder, suffixes=self._suffixes) if self._folder.is_dir() else ():
            stem = nfc(file.rpartition(".")[0])
            if not stem.endswith(endings) or self._is_photo(stem):
                continue
            photo = self.owner(stem)
            if photo is not None:
                label = self._labels[stem[len(photo) + 1 :]]
                other = found.setdefault(photo, {}).setdefault(label, self._folder / file)
                if other != self._folder / file:
                    raise UserError(f"{other} and {self._folder / file} are the same mask: remove one of them")
        return found

    def _is_photo(self, stem: str) -> bool:
        try:
            return self._photos.find(stem) is not None
        except UserError:  # several photos of that name
            return True


def read_class_files(files: Mapping[int, Path]) -> np.ndarray:
    """Lays the files of one photo over each other: smaller areas lie on top, and what is to be ignored on all.

    Args:
        files: {label: file}; a file holds 0 and at most one other value.

    Returns:
        uint8 [H,W]: 0 = background, 1..C, 255 = ignore.

    Raises:
        UserError: a file is unreadable, a JPEG, in colours, has further values, or another size than the others.
    """
    areas = {label: _area(path) for label, path in files.items()}
    first = next(iter(areas))
    for label, area in areas.items():
        if area.shape != areas[first].shape:
            (height, width), (other_height, other_width) = area.shape, areas[first].shape
            raise UserError(
                f"{files[label]}: is {width}x{height} pixels, but {files[first].name} {other_width}x{other_height}: "
                "draw them again in the photo's size"
            )
    labels = np.zeros(areas[first].shape, np.uint8)
    for label in sorted(areas, key=lambda label: (label == IGNORE, -np.count_nonzero(areas[label]), label)):
        labels[areas[label]] = label
    return labels


def _area(path: Path) -> np.ndarray:
    stored = StoredValues(path)
    if not stored.are_exact:
        raise UserError(f"{path}: is a JPEG, which does not keep values: save a class's own mask as a PNG")
    values = np.unique(stored.values)
    if np.count_nonzero(values) > 1:
        shown = ", ".join(map(str, values[:5])) + (", …" if len(values) > 5 else "")
        raise UserError(
            f"{path}: holds {shown}, but a class's own mask 0 and one other value: draw it without smooth edges"
        )
    return stored.values != 0
