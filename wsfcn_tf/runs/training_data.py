"""Which photos a run is trained on, with which tags and masks: noted at its begin, and compared when it resumes."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import write_lines


def check_training_data(
    path: Path,
    names: Sequence[str],
    tags: np.ndarray,
    class_names: Sequence[str],
    masks: Sequence[str | None] | None = None,
) -> None:
    """Checks that photos, tags and masks are those that a run began with.

    Args:
        path: what `write_training_data` wrote; if it is not there, all is well.
        names: of the training photos, in their order.
        tags: [N, C] in {0, 1}.
        class_names: the C classes.
        masks: checksums of the photos' masks, None for a photo without; None if training opens none.

    Raises:
        UserError: they are others; the message says how many and names one.
    """
    if not path.is_file():
        return
    now = _lines(names, tags, class_names, masks)
    before = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    if now != before:
        raise UserError(
            f"the training data is not what this run began with: {_difference(before, now)}; put it back, or delete "
            f"{path} to go on with what is there now, as a run that nobody can repeat"
        )


def write_training_data(
    path: Path,
    names: Sequence[str],
    tags: np.ndarray,
    class_names: Sequence[str],
    masks: Sequence[str | None] | None = None,
) -> None:
    """Writes a line of JSON for each photo, in their order: its name, its tags, and of its mask {"mask": checksum}."""
    write_lines(path, _lines(names, tags, class_names, masks), durable=True)


def training_photos(path: Path) -> set[str]:
    """The names of the photos that `write_training_data` wrote."""
    return {json.loads(line)[0] for line in path.read_text(encoding="utf-8").split("\n") if line}


def fingerprint(path: Path) -> str:
    """A short text that two runs share if they have the same photos in the same order with the same tags and masks."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _lines(
    names: Sequence[str], tags: np.ndarray, class_names: Sequence[str], masks: Sequence[str | None] | None
) -> list[str]:
    lines = []
    for name, row, mask in zip(names, tags, masks or [None] * len(names), strict=True):
        known = [] if mask is None else [{"mask": mask}]
        lines.append(json.dumps([name, *(class_names[index] for index in np.flatnonzero(row)), *known]))
    return lines  # JSON escapes line breaks and the like


def _difference(before: Sequence[str], now: Sequence[str]) -> str:
    (old, old_masks), (new, new_masks) = map(_by_photo, (before, now))
    changes = {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "with other tags": [name for name in new if name in old and new[name] != old[name]],
        "with another mask": [name for name in new if name in old and new_masks[name] != old_masks[name]],
    }
    told = [f"{len(found)} {what} ({found[0]}{', …' if found[1:] else ''})" for what, found in changes.items() if found]
    return ", ".join(told) or "the same photos in another order"


def _by_photo(lines: Sequence[str]) -> tuple[dict[str, list[str]], dict[str, list[dict[str, str]]]]:
    """The tags and the masks of each photo."""
    photos = {name: content for name, *content in map(json.loads, lines)}
    tags = {name: [part for part in content if isinstance(part, str)] for name, content in photos.items()}
    return tags, {name: [part for part in content if isinstance(part, dict)] for name, content in photos.items()}
