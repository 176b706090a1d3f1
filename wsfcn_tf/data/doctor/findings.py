"""What a check of the data yields."""

from dataclasses import dataclass
from typing import Literal

LEVELS = ("error", "warning", "note")


def counted(number: int, thing: str) -> str:
    """A number and its noun: "1 photo", "1,000 photos"."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


@dataclass(frozen=True)
class Finding:
    """One kind of trouble.

    Attributes:
        level: "error": training or evaluation would stop or learn nothing; "warning": they would run, and their result
            be worse or look better than it is; "note": good to know.
        what: what was found.
        where: the photos, files or classes, or the messages that name them.
        advice: what to do.
    """

    level: Literal["error", "warning", "note"]
    what: str
    where: tuple[str, ...]
    advice: str
