"""HTTP connections that stay open between requests, are shared by threads, and never wait or read without bound."""

import ssl
from http.client import IncompleteRead
from typing import NamedTuple

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import ClosedPoolError, HTTPError, ProtocolError, ReadTimeoutError, SSLError

from wsfcn_tf.serving.client.address import Address
from wsfcn_tf.serving.client.errors import BadReply, Failed, ServingError, TimedOut, Unavailable, printable
from wsfcn_tf.serving.client.http_connection import BoundedHttp, BoundedHttps, NeverReached
from wsfcn_tf.serving.client.limits import Timeouts

_KEPT = 64  # idle connections; a thread beyond these connects anew each time
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
        self._where = f"{address.scheme}://{address.authority}"
        self._timeouts = timeouts
        self._reply_bytes = reply_bytes
        settings = {
            "host": address.host.encode("idna").decode("ascii"),
            "port": address.port,
            "timeout": Timeout(connect=timeouts.connect, read=timeouts.silence),
            "maxsize": _KEPT,
            "where": self._where,
            "timeouts": timeouts,
        }
        if address.is_secure:
            self._pool = HTTPSConnectionPool(ssl_context=ssl.create_default_context(cadata=trusted), **settings)
            self._pool.ConnectionCls = BoundedHttps
        else:
            self._pool = HTTPConnectionPool(**settings)
            self._pool.ConnectionCls = BoundedHttp

    def request(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """One attempt at one request, which may be sent twice; redirections are not followed.

        Raises:
            Unavailable: no connection, or it ended before the answer did.
            TimedOut: one of the time-outs.
            BadReply: the answer is not HTTP, or too long.
            Failed: the server's certificate is not trusted, or the pool is closed.
        """
        try:
            response = self._open(method, path, body)
            try:
                return Reply(response.status, self._body(response))
            finally:
                response.close()  # unless it was read to its end, and its connection is back in the pool
        except HTTPError as error:
            raise self._told(error) from None

    def close(self) -> None:
        """Closes the connections: at once, or when their requests are done."""
        self._pool.close()

    def _open(self, method: str, path: str, body: bytes | None) -> BaseHTTPResponse:
        headers = {"Content-Type": "application/json"} if body else {}
        options = {"retries": False, "redirect": False, "preload_content": False, "decode_content": False}
        while True:
            try:
                return self._pool.urlopen(method, path, body, headers, **options)
            except NeverReached:  # not an attempt; each time there is a kept connection less
                continue

    def _body(self, response: BaseHTTPResponse) -> bytes:
        expected = response.length_remaining
        if expected is not None and expected > self._reply_bytes:
            raise self._too_long(f"{expected:,}")
        pieces, size = [], 0
        while piece := response.read(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > self._reply_bytes:
                raise self._too_long("more")
        return b"".join(pieces)

    def _too_long(self, size: str) -> BadReply:
        return BadReply(
            f"{self._where}: the answer has {size} bytes, and at most {self._reply_bytes:,} are taken: "
            "raise Limits.reply_bytes, or send fewer photos at a time"
        )

    def _told(self, error: HTTPError) -> ServingError:
        """What one of urllib3's errors is to the client; some of them only wrap another."""
        cause = error.args[-1] if isinstance(error, ProtocolError | SSLError) else error
        reason = printable(str(cause)) or type(cause).__name__
        if isinstance(cause, ReadTimeoutError | TimeoutError):
            return TimedOut(f"{self._where}: no whole answer in time (Timeouts: {self._timeouts})")
        if isinstance(cause, OSError | IncompleteRead):
            return Unavailable(f"{self._where}: the connection ended before the answer did ({reason})")
        if isinstance(cause, ClosedPoolError):
            return Failed(f"{self._where}: this client is closed")
        return BadReply(f"{self._where}: does not answer in HTTP ({reason})")
