"""Photos that cannot be read: which they are, and what takes their places in training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import write_text


class BadPhotos:
    """The photos of a run that cannot be read, each once. Several threads may add to it.

    Args:
        reasons: those known already: {name: what is wrong}.
    """

    def __init__(self, reasons: Mapping[str, str] | None = None) -> None:
        self._reasons = dict(reasons or {})

    def __len__(self) -> int:
        return len(self._reasons)

    def add(self, name: str, reason: str) -> None:
        """Notes a photo, unless it is known."""
        self._reasons.setdefault(name, reason)

    @classmethod
    def load(cls, path: Path) -> "BadPhotos":
        """Those that `save` wrote; none if there is no such file."""
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        # not splitlines: a name may hold one of Unicode's other line breaks
        return cls(dict(line.split("\t", maxsplit=1) for line in text.split("\n") if "\t" in line))

    def save(self, path: Path) -> None:
        """Writes a line for each, in the order of the names: the name, a tab, what is wrong."""
        write_text(path, "".join(f"{name}\t{reason}\n" for name, reason in sorted(self._reasons.items())))


def read_or_replace(
    index: int, names: Sequence[str], read: Callable[[str], np.ndarray], rng: np.random.Generator, bad: BadPhotos
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
            bad.add(names[candidate], str(error))
            first_reason = first_reason or error
    raise UserError(f"none of the {len(names)} training images can be read, the first because: {first_reason}")


def _shuffled(count: int, rng: np.random.Generator) -> Iterator[int]:
    """All indices, drawn only when the first is asked for: most photos need no replacement."""
    yield from rng.permutation(count)
