"""What is in masks that cannot be read, and what to paste so that they can."""

import shlex
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from wsfcn_tf.data.masks.png import decode_pixels
from wsfcn_tf.data.masks.stored_values import StoredValues
from wsfcn_tf.data.photos.images import read_bytes
from wsfcn_tf.errors import UserError

_ANNOTATIONS = (".json", ".xml", ".txt", ".csv", ".tsv")
_MOST = 16  # values or colours; what holds more is no mask, or one with smooth edges
_SHARE = 0.01  # of a JPEG's pixels: rarer values come from its compression
_APART = 32  # values of a JPEG, as in `MaskValues`


def stored_in(path: Path | None) -> tuple[frozenset[int], frozenset[str]]:
    """The values that a mask's file stores, or else its colours as #rrggbb; neither if they are many or unreadable."""
    nothing: tuple[frozenset[int], frozenset[str]] = (frozenset(), frozenset())
    if path is None or path.suffix.lower() in _ANNOTATIONS:
        return nothing
    try:
        stored = StoredValues(path)
    except UserError:
        return frozenset(), _colours(path)
    values, counts = np.unique(stored.values, return_counts=True)
    found = values.tolist() if stored.are_exact else _peaks(values, counts)
    return (frozenset(found), frozenset()) if len(found) <= _MOST else nothing


def legend_to_paste(colours: Iterable[str], path: Path) -> str:
    """A command that writes a legend whose classes are to be filled in; black is background without a row."""
    rows = ["class,colour", *(f"CLASS,{colour}" for colour in sorted(colours) if colour != "#000000")]
    return f"printf '{''.join(f'{row}{chr(92)}n' for row in rows)}' > {shlex.quote(str(path))}"


def _colours(path: Path) -> frozenset[str]:
    try:
        image = decode_pixels(read_bytes(path), str(path))
        colours = image.convert("RGB").getcolors(_MOST) if image.mode in ("RGB", "RGBA") else None
    except (UserError, ValueError):
        return frozenset()
    return frozenset("#{:02x}{:02x}{:02x}".format(*colour) for _, colour in colours or ())


def _peaks(values: np.ndarray, counts: np.ndarray) -> list[int]:
    """The values of a JPEG that others lie around: the most frequent one first, and none near to it."""
    peaks: list[int] = []
    for place in np.argsort(-counts, kind="stable"):
        if counts[place] < _SHARE * counts.sum():
            break
        if all(abs(values[place] - peak) >= _APART for peak in peaks):
            peaks.append(int(values[place]))
    return list(map(_extreme, peaks))


def _extreme(value: int) -> int:
    """Black and white, which a JPEG may miss by a little."""
    return 0 if value < 8 else 255 if value > 247 else value
