"""Which photo a server refused, and why.

An exported network names a photo by its place in the batch, and by its bytes. A server that batches puts requests
together, so the place may be in another caller's; the number of bytes tells whose photo it is.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from wsfcn_tf.serving.client.photos import Encoded

_NAMED = re.compile(r"image \d+ of the batch \((\d+) bytes\): ([^\]…]*)")


class Refusal(NamedTuple):
    """The request's photos that it can be about, mostly one, and none if it is another caller's; what is wrong."""

    photos: list[Encoded]
    reason: str


def refusal_of(message: str, photos: Sequence[Encoded]) -> Refusal | None:
    """What a server's message says about a photo; None if it is about no photo.

    Args:
        message: the server's.
        photos: of the request.
    """
    found = _NAMED.search(message)
    return found and Refusal([photo for photo in photos if len(photo.data) == int(found[1])], found[2].strip())
