"""What a check of the data yields."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

LEVELS = ("error", "warning", "note")


def counted(number: int, thing: str) -> str:
    """A number and its noun: "1 photo", "1,000 photos"."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def each(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """`Finding.photos` where each place is about one photo."""
    return tuple((name,) for name in names)


@dataclass(frozen=True)
class Finding:
    """One kind of trouble.

    Attributes:
        level: "error": training or evaluation would stop or learn nothing; "warning": they would run, and their result
            be worse or look better than it is; "note": good to know.
        what: what was found.
        where: the photos, files or classes, or the messages that name them.
        advice: what to do.
        paste: lines to paste that do it, if it can be said so.
        photos: the names of the photos that each of `where` is about; empty if that is about none.
    """

    level: Literal["error", "warning", "note"]
    what: str
    where: tuple[str, ...]
    advice: str
    paste: tuple[str, ...] = ()
    photos: tuple[tuple[str, ...], ...] = ()
