"""Trying again, later and later."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from wsfcn_tf.serving.client.errors import Unavailable

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Retries:
    """How often and when a request that met `Unavailable` is sent again; nothing else is.

    A prediction changes nothing on the server, so that sending it twice does no harm. Over REST, a request into a
    connection that the server was closing is sent again at once, and is none of the attempts.

    Attributes:
        attempts: the first one included; 1 never tries again.
        first_wait: seconds before the second attempt at most; each further wait may be twice as long.
        longest_wait: seconds; no wait is longer.
    """

    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 8.0

    def longest(self, attempt: int) -> float:
        """The longest wait behind the attempt of this number, from 1 on."""
        return min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))


def with_retries(
    request: Callable[[], _Result],
    retries: Retries,
    sleep: Callable[[float], None] = time.sleep,
    uniform: Callable[[float, float], float] = random.uniform,
) -> _Result:
    """The first result of `request` that is not `Unavailable`.

    Each wait is drawn between 0 and its longest, so that clients that failed together do not come back together.

    Raises:
        Unavailable: the last attempt's, which says how many there were.
    """
    for attempt in range(1, retries.attempts):
        try:
            return request()
        except Unavailable:
            sleep(uniform(0.0, retries.longest(attempt)))
    try:
        return request()
    except Unavailable as error:
        tries = f" (tried {retries.attempts} times)" if retries.attempts > 1 else ""
        raise Unavailable(f"{error}{tries}") from None
