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
            UserError: a file's name has two meanings, or two files are of one class.
        """
        stem = nfc(stem)
        files, mistakes = self._found
        if stem in mistakes:
            raise UserError(mistakes[stem])
        return files[stem] if files.get(stem, {}).keys() - {IGNORE} else {}

    def photo_of(self, file: Path) -> str | None:
        """The photo, without suffix, for which `of` gives a file; None if there is none. Raises UserError as `of`."""
        stem = nfc(file.relative_to(self._folder).as_posix().rpartition(".")[0])
        return next((photo for photo, _ in self._owners(stem) if file in self.of(photo).values()), None)

    @cached_property
    def _found(self) -> tuple[dict[str, dict[int, Path]], dict[str, str]]:
        """Each photo's files, and what is wrong with some photos'."""
        found: dict[str, dict[int, Path]] = {}
        mistakes: dict[str, str] = {}
        for file in walk_files(self._folder, suffixes=self._suffixes) if self._folder.is_dir() else ():
            path, stem = self._folder / file, nfc(file.rpartition(".")[0])
            owners = self._owners(stem)
            for photo, name in owners:
                other = found.setdefault(photo, {}).setdefault(self._labels[name], path)
                if len(owners) > 1:
                    either = " or ".join(f"{name!r} in {photo!r}" for photo, name in owners)
                    mistakes[photo] = f"{path}: can be {either}: rename the photos or the class"
                elif other != path:
                    mistakes[photo] = f"{other} and {path} are the same mask: remove one of them"
        return found, mistakes

    def _owners(self, stem: str) -> list[tuple[str, str]]:
        """The photos and classes that a file can be of; none if it has a photo's whole name."""
        split = [(stem[: -len(name) - 1], name) for name in self._labels if stem.endswith(f"_{name}")]
        return [pair for pair in split if self._is_photo(pair[0])] if split and not self._is_photo(stem) else []

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
