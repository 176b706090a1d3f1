"""A server that answers with whatever bytes it is told to, however slowly, and hangs up when it is told to."""

import json
import socket
import threading
import time
from contextlib import contextmanager


class Raw:
    """Yields its URL as a context manager; connection n is handled by the nth behaviour, later ones by the last.

    A behaviour is a function of (socket, request bytes); the connection is closed behind it.
    """

    def __init__(self, *behaviours):
        self._behaviours = behaviours
        self.requests = []

    @contextmanager
    def running(self):
        """Serves while the block runs."""
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()

    def _accept(self, listener):
        threads = []
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                break
            behaviour = self._behaviours[min(len(threads), len(self._behaviours) - 1)]
            threads.append(threading.Thread(target=self._handle, args=(connection, behaviour), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _handle(self, connection, behaviour):
        with connection:
            try:
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
    """Sends a byte at a time."""

    def behaviour(connection, request):
        for i in range(len(data)):
            connection.sendall(data[i : i + 1])
            time.sleep(pause)

    return behaviour


def silent(seconds):
    """Sends nothing for some time."""
    return lambda connection, request: time.sleep(seconds)


def _request(connection):
    """The next request's bytes; empty if the client has hung up."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while len(body) < (lengths or [0])[0]:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
