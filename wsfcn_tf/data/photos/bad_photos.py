"""Photos that cannot be read: which they are, and what takes their places in training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from threading import Lock

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import write_lines

_BEFORE = -1  # the epoch of those that an earlier part of the run has met


class BadPhotos:
    """The photos of a run that cannot be read, each once. Several threads may add to it.

    Photos are read ahead, how far is a matter of speed: so each counts from the first epoch that meets it.

    Args:
        reasons: those known already: {name: what is wrong}.
    """

    def __init__(self, reasons: Mapping[str, str] | None = None) -> None:
        self._found = {name: (_BEFORE, reason) for name, reason in (reasons or {}).items()}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._found)

    def add(self, name: str, reason: str, epoch: int = 0) -> None:
        """Notes a photo that an epoch meets, unless it or an earlier one has met it before."""
        with self._lock:
            if name not in self._found or epoch < self._found[name][0]:
                self._found[name] = (epoch, reason)

    def until(self, epoch: int) -> dict[str, str]:
        """Those that the epochs up to this one meet, in the order of the names: {name: what is wrong}."""
        with self._lock:
            return {name: reason for name, (first, reason) in sorted(self._found.items()) if first <= epoch}

    @classmethod
    def load(cls, path: Path) -> "BadPhotos":
        """Those that `save` wrote; none if there is no such file."""
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        # not splitlines: a name may hold one of Unicode's other line breaks
        return cls(dict(line.split("\t", maxsplit=1) for line in text.split("\n") if "\t" in line))

    def save(self, path: Path, epoch: int = 0) -> None:
        """Writes a line for each that the epochs up to this one meet: the name, a tab, what is wrong."""
        write_lines(path, (f"{name}\t{reason}" for name, reason in self.until(epoch).items()))


def read_or_replace(
    index: int,
    names: Sequence[str],
    read: Callable[[str], np.ndarray],
    rng: np.random.Generator,
    bad: BadPhotos,
    epoch: int = 0,
) -> tuple[int, np.ndarray]:
    """A photo or, if it cannot be read, one drawn from all.

    Which one depends on `rng` and the files alone, not on what was read before: so it is the same with any number of
    workers, on every host, and when training goes on in the middle of an epoch.

    Args:
        index: of the photo in `names`.
        names: all photos.
        read: from a name to the photo; raises UserError if it cannot be read.
        rng: what a replacement is drawn with.
        bad: where those that cannot be read are noted.
        epoch: that the photo is read for.

    Returns:
        The index of what was read, and the photo: uint8 [H,W,3].

    Raises:
        UserError: none of the photos can be read.
    """
    first_reason = None
    for candidate in chain([index], _shuffled(len(names), rng)):
        try:
            return candidate, read(names[candidate])
        except UserError as error:
            bad.add(names[candidate], str(error), epoch)
            first_reason = first_reason or error
    raise UserError(f"none of the {len(names)} training images can be read, the first because: {first_reason}")


def _shuffled(count: int, rng: np.random.Generator) -> Iterator[int]:
    """All indices, drawn only when the first is asked for: most photos need no replacement."""
    yield from rng.permutation(count)
