"""What masks that people drew say against the tags of their photos."""

from collections.abc import Iterable, Sequence

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.training_masks.known_mask import KnownMask
from wsfcn_tf.errors import UserError


def tags_of(labels: np.ndarray, classes: int) -> np.ndarray:
    """The classes that labels, uint8 [H,W], hold: float32 [C] in {0, 1}."""
    return (np.bincount(labels.ravel(), minlength=IGNORE + 1)[1 : classes + 1] > 0).astype(np.float32)


def untagged(labels: np.ndarray, tags: np.ndarray) -> list[int]:
    """The classes, counted from 0, that labels hold and tags, float32 [C], do not."""
    return np.flatnonzero(tags_of(labels, len(tags)) > tags).tolist()


def missing(mask: KnownMask, tags: np.ndarray) -> list[int]:
    """The classes, counted from 0, that tags hold and a complete mask does not; none if the mask is partial."""
    return np.flatnonzero(tags_of(mask.labels, len(tags)) < tags).tolist() if mask.is_complete else []


class Disagreements:
    """Masks that hold a class which their photo is not tagged with, and complete ones that lack a tagged one.

    Several threads may add to it.

    Args:
        class_names: of the foreground.
    """

    def __init__(self, class_names: Sequence[str]) -> None:
        self._class_names = class_names
        self._untagged: dict[str, str] = {}
        self._missing: dict[str, str] = {}

    def note(self, name: str, mask: KnownMask, tags: np.ndarray) -> None:
        """Adds a photo if its mask says something against its tags."""
        for found, noted in ((untagged(mask.labels, tags), self._untagged), (missing(mask, tags), self._missing)):
            if found:
                noted[name] = ", ".join(self._class_names[index] for index in found)

    def refuse_untagged(self, names: Iterable[str]) -> None:
        """Raises UserError if there are masks of untagged classes: a tag is missing, or the masks are read wrongly."""
        if found := [name for name in names if name in self._untagged]:
            raise UserError(
                f"data.masks: {_masks(found, 'holds', 'hold')} a class that the photo is not tagged with ("
                f"{found[0]}: {self._untagged[found[0]]}): add the tag or mend the mask; doctor names all such photos"
            )

    def warnings(self, names: Iterable[str]) -> list[str]:
        """A line about complete masks that lack a tagged class, if there are any."""
        found = [name for name in names if name in self._missing]
        if not found:
            return []
        words = f"{_masks(found, 'lacks', 'lack')} a class that the photo is tagged with"
        return [f"warning: {words} ({found[0]}: {self._missing[found[0]]}), though no pixel is unknown"]


def _masks(found: Sequence[str], one: str, several: str) -> str:
    return f"1 mask {one}" if len(found) == 1 else f"{len(found)} masks {several}"
