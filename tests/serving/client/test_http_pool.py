"""The connections that the REST client keeps: each attempt is one request that a server has had, or could not have."""

import contextlib
import itertools
import socket
import threading

import pytest
import trustme
from loopback.raw import Raw, answer, hang_up, in_turn, reset, send, silent

from wsfcn_tf.serving.client import BadReply, Failed, TimedOut, Timeouts, Unavailable, http_connection
from wsfcn_tf.serving.client.address import parse_address
from wsfcn_tf.serving.client.http_connection import BoundedHttp
from wsfcn_tf.serving.client.http_pool import HttpPool, Reply

GOOD = answer({}, keep=True)
LONG = b" " * 8_000_000  # more than a socket's buffers hold


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(params=["http", "https"])
def tls(request, authority):
    """What `Raw` takes: a certificate, or None."""
    return authority.issue_cert("127.0.0.1") if request.param == "https" else None


@pytest.fixture
def open_pool(authority):
    """A context manager of a pool, for its URL and what it is told."""

    def open_pool(url, timeouts=Timeouts(), reply_bytes=1000):
        trusted = authority.cert_pem.bytes().decode() if url.startswith("https") else None
        return contextlib.closing(HttpPool(parse_address(url), timeouts, reply_bytes, trusted))

    return open_pool


def test_a_connection_is_used_again(open_pool, tls):
    server = Raw(GOOD, tls=tls)
    with server.running() as url, open_pool(url) as pool:
        for _ in range(3):
            assert pool.request("GET", "/") == Reply(200, b"{}")
    assert (len(server.requests), server.connections) == (3, 1)


@pytest.mark.parametrize("end", [hang_up, reset])
@pytest.mark.parametrize("body", [None, b"{}", LONG], ids=["GET", "POST", "long"])
def test_a_request_that_a_kept_connection_swallows_is_sent_again(open_pool, tls, end, body):
    server = Raw(in_turn(GOOD, end), tls=tls)
    with server.running() as url, open_pool(url) as pool:
        for _ in range(4):
            assert pool.request("POST" if body else "GET", "/", body) == Reply(200, b"{}")
    assert server.connections == 4


@pytest.mark.parametrize("body", [None, b"{}", LONG], ids=["GET", "POST", "long"])
def test_a_server_that_closes_behind_each_answer(open_pool, tls, body):
    """Its end may come before the next request, while that is sent, or after."""
    server = Raw(answer({}), tls=tls)
    with server.running() as url, open_pool(url) as pool:
        for _ in range(5):
            assert pool.request("POST" if body else "GET", "/", body) == Reply(200, b"{}")
    assert (len(server.requests), server.connections) == (5, 5)


def test_several_kept_connections_may_have_ended(open_pool):
    together = threading.Barrier(3)

    def answered_together(connection, request):
        together.wait()
        return GOOD(connection, request)

    server = Raw(*[in_turn(answered_together, hang_up)] * 3, GOOD)
    with server.running() as url, open_pool(url) as pool:
        threads = [threading.Thread(target=pool.request, args=("GET", "/")) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.connections == 3
        assert pool.request("GET", "/") == Reply(200, b"{}")
    assert server.connections == 4


@pytest.mark.parametrize("end", [hang_up, reset])
def test_a_new_connection_that_ends_is_an_attempt(open_pool, tls, end):
    server = Raw(end, tls=tls)
    message = r"the connection ended before the answer did \("
    with server.running() as url, open_pool(url) as pool, pytest.raises(Unavailable, match=message):
        pool.request("GET", "/")
    assert server.connections == 1


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
BEGUN = {"half an answer": (send(HALF), Unavailable), "no HTTP": (send(b"SSH-2.0\r\n"), BadReply)}


@pytest.mark.parametrize(("then", "kind"), BEGUN.values(), ids=BEGUN)
def test_a_request_that_a_server_has_begun_to_answer_is_not_sent_again(open_pool, tls, then, kind):
    server = Raw(in_turn(GOOD, then), tls=tls)
    with server.running() as url, open_pool(url) as pool:
        pool.request("GET", "/")
        with pytest.raises(kind):
            pool.request("GET", "/")
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_request_that_a_server_may_be_at_work_on_is_not_sent_again(open_pool, tls, monkeypatch):
    server = Raw(in_turn(GOOD, silent), tls=tls)
    with server.running() as url, open_pool(url) as pool:
        pool.request("GET", "/")
        clock = itertools.count(step=1000)  # further each time that it is looked at
        monkeypatch.setattr(http_connection, "monotonic", lambda: next(clock))
        with pytest.raises(TimedOut):
            pool.request("GET", "/")
    assert (len(server.requests), server.connections) == (2, 1)


def test_an_answer_that_is_too_long_leaves_a_pool_that_works(open_pool):
    server = Raw(send(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), GOOD)
    with server.running() as url, open_pool(url) as pool:
        with pytest.raises(BadReply, match="has 1,001 bytes, and at most 1,000 are taken"):
            pool.request("GET", "/")
        assert pool.request("GET", "/") == Reply(200, b"{}")


def test_a_handshake_without_end_is_a_server_that_cannot_be_reached(open_pool):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}"
        with open_pool(url, Timeouts(connect=0.1)) as pool, pytest.raises(Unavailable, match=r"reached .*timed out"):
            pool.request("GET", "/")


def test_what_has_no_tls_where_it_is_asked_for(open_pool):
    def serve():
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):  # the client hangs up
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            silent(connection, b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with open_pool(url) as pool, pytest.raises(Unavailable, match=rf"^{url}: cannot be reached \(.*SSL.*\)$"):
            pool.request("GET", "/")
        server.join()


def test_a_name_beyond_ascii_is_looked_up(open_pool):
    with open_pool("http://bücher.invalid") as pool, pytest.raises(Unavailable, match=r"^http://bücher.invalid:8501: "):
        pool.request("GET", "/")


def test_a_body_may_take_longer_than_connecting():
    """The time-outs of sending, of which there is one for all of the body, and of waiting for the answer."""
    given = []

    class Socket:
        def settimeout(self, seconds):
            given.append(seconds)

        def sendall(self, data):
            given.append(bytes(data).partition(b" ")[0])

    connection = BoundedHttp("host", 80, timeout=5.0, where="", timeouts=Timeouts(connect=5.0, silence=6.0, total=7.0))
    connection.sock = Socket()
    connection.request("POST", "/", b"body")
    assert given == [7.0, b"POST", b"body"]


def test_a_closed_pool_says_so(open_pool):
    with Raw(GOOD).running() as url, open_pool(url) as pool:
        pool.request("GET", "/")
        pool.close()
        with pytest.raises(Failed, match=f"^{url}: this client is closed$"):
            pool.request("GET", "/")
