"""Connections for urllib3's pool that never wait without bound, and that tell of requests that reached nobody."""

import io
import socket
import ssl
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from wsfcn_tf.serving.client.errors import Failed, Unavailable, printable
from wsfcn_tf.serving.client.limits import Timeouts
from wsfcn_tf.serving.client.tls import not_trusted


class NeverReached(Exception):
    """A connection kept from an earlier request ended before a byte of the answer came: the server had hung up."""


class _Bounded:
    """What both kinds of connection do beyond urllib3's.

    Args:
        where: the server, for messages.
        timeouts: of each request.
    """

    def __init__(self, *args: Any, where: str, timeouts: Timeouts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._where, self._timeouts = where, timeouts
        self._is_kept, self._deadline = False, 0.0

    def connect(self) -> None:
        """Connects.

        Raises:
            Unavailable: the server cannot be reached.
            Failed: its certificate is not trusted.
        """
        self._is_kept = False
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            raise Failed(not_trusted(self._where, error.verify_message)) from None
        except (HTTPError, OSError) as error:
            reason = printable(str(error.__cause__ or error)) or type(error).__name__
            raise Unavailable(f"{self._where}: cannot be reached ({reason})") from None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Sends a request."""
        if self.sock is None:
            self.connect()
        self._deadline = monotonic() + self._timeouts.total
        self.timeout = self._timeouts.total  # for all of the body, which urllib3 would give the time-out of connecting
        try:
            super().request(*args, **kwargs)
        except ssl.SSLError as error:  # urllib3 then reads what the server may have answered before it hung up
            raise BrokenPipeError(str(error)) from None

    def getresponse(self) -> BaseHTTPResponse:
        """The answer's head.

        Raises:
            NeverReached: there is none, for the connection ended while it was not in use.
        """
        answer = _Answer(self.sock, self._deadline, self._timeouts.silence)
        self.response_class = lambda sock, **kwargs: HTTPResponse(answer, **kwargs)
        try:
            response = super().getresponse()
        except OSError as error:
            if self._is_kept and not answer.has_begun and not isinstance(error, TimeoutError):
                raise NeverReached from None
            raise
        self._is_kept = True
        return response


class BoundedHttp(_Bounded, HTTPConnection):
    """Without encryption."""


class BoundedHttps(_Bounded, HTTPSConnection):
    """With TLS."""


class _Answer(io.RawIOBase):
    """A socket's reading end, in time. The socket's own time-out is for each packet: a drip would never end."""

    def __init__(self, sock: socket.socket, deadline: float, silence: float) -> None:
        self._sock, self._deadline, self._silence = sock, deadline, silence
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket open when HTTPConnection closes its end of it
        self.has_begun = False

    def makefile(self, mode: str) -> io.BufferedReader:
        """What `HTTPResponse` asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(left, self._silence))
        count = self._raw.readinto(buffer)
        self.has_begun = self.has_begun or bool(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
