"""What may go wrong between client and model server; which of it may be tried again is `Unavailable`'s alone."""

from wsfcn_tf.errors import UserError


class ServingError(UserError):
    """A request that brought no result. The message begins with the server's address."""


class Unavailable(ServingError):
    """Nobody there, overloaded, or gone before it answered: another attempt may succeed."""


class TimedOut(ServingError):
    """No whole answer in time. Not tried again: the server may still be at work on it."""


class Refused(ServingError):
    """The server does not take this request (400, INVALID_ARGUMENT); it would not take it a second time either."""


class Failed(ServingError):
    """Any other error of the server's: no such model, a fault inside of it."""


class BadReply(ServingError):
    """An answer that is not what the signature promises: too large, not JSON, not a mask, of another size."""


def printable(text: str, length: int = 300) -> str:
    """Another machine's words in one line of at most `length` characters, without what moves a terminal's cursor."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * length]).split())
    return line if len(line) <= length else line[: length - 1] + "…"
