"""How long a client waits and how much it sends and takes."""

from dataclasses import dataclass

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Timeouts:
    """Seconds, of one attempt.

    Attributes:
        connect: until the connection stands.
        silence: without a byte from the server, over REST; it is silent while it computes.
        total: from the connection on until the answer is whole, however steadily it drips.
    """

    connect: float = 5.0
    silence: float = 60.0
    total: float = 120.0


@dataclass(frozen=True)
class Limits:
    """What one request holds, and one answer may hold.

    Attributes:
        batch_photos, batch_bytes: photos, and bytes of photos, in a request; a photo of more bytes goes alone. A server
            that batches refuses more photos than its own `max_batch_size`: 8 in the bundle, too.
        reply_bytes: of an answer; a longer one is not read to its end.
    """

    batch_photos: int = 8
    batch_bytes: int = 16 * _MEGABYTE
    reply_bytes: int = 256 * _MEGABYTE
