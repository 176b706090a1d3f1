"""The one exception that a user's mistake ends in."""

from collections.abc import Callable, Sequence
from typing import NoReturn

Report = Callable[[str], None]  # what a reader does with a mistake it can read past: refuse it, or note it and go on


class UserError(Exception):
    """A mistake the user can mend: its message is one line saying what is wrong, where, and what to do.

    The command line prints the message without a traceback and exits with status 2.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))  # a path in it may hold a line break


def refuse(message: str) -> NoReturn:
    """The usual `Report`: raises UserError."""
    raise UserError(message)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first of many names, quoted, and how many more there are: for a message that has to be one line."""
    more = len(names) - most
    return ", ".join(map(repr, names[:most])) + (f" and {more} more" if more > 0 else "")
