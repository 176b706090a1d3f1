"""A server that answers with whatever bytes it is told to, however slowly, and hangs up when it is told to."""

import json
import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager


class Raw:
    """Yields its URL as a context manager; connection n is handled by the nth behaviour, later ones by the last.

    A behaviour is a function of (socket, request bytes); the connection is closed behind it unless it returns "keep".

    Args:
        behaviours: of the connections.
        tls: a trustme.LeafCert; the URL is https:// then.
    """

    def __init__(self, *behaviours, tls=None):
        self._behaviours = behaviours
        self.requests, self.connections = [], 0
        self._tls = None
        if tls is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.configure_cert(self._tls)

    @contextmanager
    def running(self):
        """Serves while the block runs."""
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            thread = threading.Thread(target=self._accept, args=(listener, last.getsockname()), daemon=True)
            thread.start()
            try:
                yield f"http{'s' if self._tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                last.connect(listener.getsockname())  # behind those that a busy machine has not accepted yet
                thread.join()

    def _accept(self, listener, last):
        threads = []
        while True:
            connection, address = listener.accept()
            if address == last:
                connection.close()
                break
            self.connections += 1
            behaviour = self._behaviours[min(self.connections, len(self._behaviours)) - 1]
            threads.append(threading.Thread(target=self._handle, args=(connection, behaviour), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _handle(self, connection, behaviour):
        try:
            with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as connection:
                while request := _request(connection):
                    self.requests.append(request)
                    if behaviour(connection, request) != "keep":
                        break
        except OSError:  # the client has hung up
            pass


def answer(value, status=200, keep=False):
    """The behaviour of a proper server: JSON with its length; `value` may be bytes."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return send(head + body, keep)


def send(data, keep=False):
    """Sends bytes."""

    def behaviour(connection, request):
        connection.sendall(data)
        return "keep" if keep else None

    return behaviour


def drip(data, pause=0.02):
    """Sends a byte at a time, and then nothing until the client hangs up."""

    def behaviour(connection, request):
        for i in range(len(data)):
            connection.sendall(data[i : i + 1])
            time.sleep(pause)
        silent(connection, request)

    return behaviour


def silent(connection, request):
    """The behaviour of a server that sends nothing until the client hangs up."""
    while connection.recv(65536):
        pass


def reset(connection, request):
    """The behaviour of a server whose machine forgets the connection: RST, not FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection, request):
    """The behaviour of a server that has nothing to say."""


def in_turn(*behaviours):
    """Another behaviour for each request of a connection; the last one for all that follow."""
    counts = {}

    def behaviour(connection, request):
        number = counts[connection] = counts.get(connection, 0) + 1
        return behaviours[min(number, len(behaviours)) - 1](connection, request)

    return behaviour


def _request(connection):
    """The next request's bytes; empty if the client has hung up."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    body = bytearray(rest)
    while len(body) < (lengths or [0])[0]:
        piece = connection.recv(65536)
        if not piece:
            return b""
        body += piece
    return head + b"\r\n\r\n" + body
