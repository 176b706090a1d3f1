"""HTTP connections that stay open between requests, are shared by threads, and never wait or read without bound."""

import contextlib
import http.client
import io
import selectors
import socket
import ssl
import threading
import time
from functools import partial
from typing import Any, NamedTuple

from wsfcn_tf.serving.client.address import Address
from wsfcn_tf.serving.client.errors import BadReply, Failed, TimedOut, Unavailable
from wsfcn_tf.serving.client.limits import Timeouts
from wsfcn_tf.serving.client.printable import printable
from wsfcn_tf.serving.client.tls import not_trusted

_PIECE = 1 << 20


class Reply(NamedTuple):
    """A status and a body."""

    status: int
    body: bytes


class HttpPool:
    """Connections to one server. Thread-safe.

    Args:
        address: of the server; certificates are checked with https.
        timeouts: of each request.
        reply_bytes: the longest body that is taken.
        trusted: certificates as PEM text, in place of the system's.
    """

    def __init__(self, address: Address, timeouts: Timeouts, reply_bytes: int, trusted: str | None = None) -> None:
        self._address = address
        self._timeouts = timeouts
        self._reply_bytes = reply_bytes
        self._tls = ssl.create_default_context(cadata=trusted) if address.is_secure else None
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def request(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """One attempt at one request.

        Raises:
            Unavailable: no connection, or it ended before the answer did.
            TimedOut: one of the time-outs.
            BadReply: the answer is not HTTP, or too long.
            Failed: the server's certificate is not trusted.
        """
        where = f"{self._address.scheme}://{self._address.authority}"
        deadline = time.monotonic() + self._timeouts.total
        connection = self._take(where)
        try:
            reply = self._exchange(connection, deadline, method, path, body)
        except TimeoutError:
            connection.close()
            raise TimedOut(f"{where}: no whole answer in time (Timeouts: {self._timeouts})") from None
        except (http.client.RemoteDisconnected, http.client.IncompleteRead, OSError) as error:
            connection.close()
            raise Unavailable(f"{where}: the connection ended before the answer did ({_reason(error)})") from None
        except (http.client.HTTPException, ValueError) as error:  # ValueError: the size of a chunk
            connection.close()
            raise BadReply(f"{where}: does not answer in HTTP ({_reason(error)})") from None
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:  # else the server asked to close it
            with self._lock:
                self._idle.append(connection)
        return reply

    def close(self) -> None:
        """Closes the connections that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self, where: str) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not _is_stale(connection):
                    return connection
                connection.close()
        host, port, timeout = self._address.host, self._address.port, self._timeouts.connect
        if self._tls is None:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
        else:
            connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise Failed(not_trusted(where, error.verify_message)) from None
        except OSError as error:
            raise Unavailable(f"{where}: cannot be reached ({_reason(error)})") from None
        return connection

    def _exchange(
        self, connection: http.client.HTTPConnection, deadline: float, method: str, path: str, body: bytes | None
    ) -> Reply:
        connection.sock.settimeout(self._timeouts.silence)
        connection.response_class = partial(_response, deadline=deadline, silence=self._timeouts.silence)
        # a server may answer, that the body is too long, and hang up before it has read all of it
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        with connection.getresponse() as response:  # or what was not read keeps the socket open
            return Reply(response.status, self._body(response))

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        expected = response.length
        if expected is not None and expected > self._reply_bytes:
            raise self._too_long(f"{expected:,}")
        pieces, size = [], 0
        while piece := response.read(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > self._reply_bytes:
                raise self._too_long("more")
        if expected is not None and size < expected:  # read(n) does not tell
            raise http.client.IncompleteRead(b"", expected - size)
        return b"".join(pieces)

    def _too_long(self, size: str) -> BadReply:
        return BadReply(
            f"{self._address.scheme}://{self._address.authority}: the answer has {size} bytes, and at most "
            f"{self._reply_bytes:,} are taken: raise Limits.reply_bytes, or send fewer photos at a time"
        )


def _response(sock: socket.socket, *args: Any, deadline: float, silence: float, **kwargs: Any) -> Any:
    return http.client.HTTPResponse(_Timed(sock, deadline, silence), *args, **kwargs)


class _Timed:
    """A socket's reading end for HTTPResponse. The socket's own time-out is for each packet: a drip would never end."""

    def __init__(self, sock: socket.socket, deadline: float, silence: float) -> None:
        self._arguments = sock, deadline, silence

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(*self._arguments))


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float, silence: float) -> None:
        self._sock, self._deadline, self._silence = sock, deadline, silence
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket open when HTTPConnection closes its end of it

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(left, self._silence))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _is_stale(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has hung up while nothing was asked: there is something to read, its end."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _reason(error: Exception) -> str:
    return printable(str(error)) or type(error).__name__
