"""The REST client and servers that are slow, broken or mean: one clear error each, and never more than the limits."""

import base64
import contextlib
import gzip
import json
import socket
import threading

import numpy as np
import pytest
from loopback.raw import Raw, answer, drip, send, silent
from loopback.toy import expected, photo, png

from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import BadReply, Failed, Limits, Refused, Retries, TimedOut, Timeouts, Unavailable

IMAGE = photo(0)
LABELS, SCORES = expected(IMAGE)
QUICK = Retries(attempts=3, first_wait=0.001)
OK = b"HTTP/1.1 200 OK\r\n"


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


def mask(labels=LABELS):
    return png(labels)


def reply(mask_bytes=None, labels="cat;dog", scores=SCORES.tolist(), **more):
    outputs = {"mask_bytes": [mask_bytes or b64(mask())], "labels": [labels], "scores": [scores], **more}
    return {"outputs": {name: value for name, value in outputs.items() if value != [None]}}


def ask(server, timeouts=Timeouts(), limits=Limits(), retries=QUICK, count=1):
    with server.running() as url, Client(url, timeouts, retries, limits) as client:
        return client.predict([IMAGE] * count)


# === Answers that are good ===


def test_a_good_answer_is_the_prediction():
    (result,) = ask(Raw(answer(reply())))
    np.testing.assert_array_equal(result.labels, LABELS)
    np.testing.assert_allclose(result.scores, SCORES)
    assert (result.labels.dtype, result.scores.dtype) == (np.uint8, np.float32)
    assert result.class_names == ("cat", "dog")


def test_a_class_without_a_pixel_has_no_name():
    labels = np.where(LABELS == 2, 2, 0).astype(np.uint8)
    (result,) = ask(Raw(answer(reply(b64(mask(labels)), "dog"))))
    assert result.class_names == (None, "dog")
    (result,) = ask(Raw(answer(reply(b64(mask(0 * labels)), ""))))
    assert result.class_names == (None, None)


def test_a_body_in_chunks_and_one_that_ends_with_the_connection():
    body = json.dumps(reply()).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))
    for data in (b"Transfer-Encoding: chunked\r\n\r\n" + chunks, b"Connection: close\r\n\r\n" + body):
        assert len(ask(Raw(send(OK + data)))) == 1


def test_a_compressed_body_which_nobody_asked_for_is_not_unpacked():
    body = gzip.compress(json.dumps(reply()).encode())
    with pytest.raises(BadReply, match="the answer is not text"):
        ask(Raw(send(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)))


# === What is tried again ===


@pytest.mark.parametrize("status", [502, 503])
def test_an_overloaded_server_is_asked_again(status):
    busy = answer({"error": "queue full"}, status)
    server = Raw(busy, busy, answer(reply()))
    ask(server)
    assert len(server.requests) == 3


def test_a_server_that_stays_overloaded():
    server = Raw(answer({"error": "queue full"}, 503))
    with pytest.raises(
        Unavailable, match=r"^http://127\.0\.0\.1:\d+/v1/models/wsfcn: 503: queue full \(tried 3 times\)$"
    ):
        ask(server)
    assert len(server.requests) == 3


@pytest.mark.parametrize("half", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
def test_a_connection_that_ends_early_is_tried_again(half):
    server = Raw(send(half), send(half), answer(reply()))
    ask(server)
    assert len(server.requests) == 3
    with pytest.raises(Unavailable, match="the connection ended before the answer did"):
        ask(Raw(send(half)))


def test_a_chunked_body_that_ends_early_is_tried_again():
    ask(Raw(send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"), answer(reply())))


def test_nobody_there():
    with socket.socket() as taken:  # by one who does not listen: nobody else can
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        message = rf"^{url}: cannot be reached \(.*[Cc]onnection refused\) \(tried 2 times\)$"
        with Client(url, retries=Retries(2, 0.001)) as client, pytest.raises(Unavailable, match=message):
            client.predict([IMAGE])


# === What is not ===


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (413, Refused), (404, Failed), (500, Failed), (302, Failed), (504, TimedOut)]
)
def test_an_error_is_told_in_the_servers_words_and_is_final(status, kind):
    server = Raw(answer({"error": "first line\nand \x1b[31msecond"}, status))
    with pytest.raises(kind, match=rf": {status}: first line and \[31msecond$"):
        ask(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>\xff</html>", b"[1]", b"[" * 5000, b'{"error": {"a": 1}}', b"x" * 10_000_000]
)
def test_an_errors_body_may_be_anything(body):
    with pytest.raises(Failed) as error:
        ask(Raw(answer(body, 500)))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(("reads_on", "kinds"), [(True, Refused), (False, (Refused, Unavailable))])
def test_a_proxy_that_refuses_a_long_body_before_it_has_read_it(reads_on, kinds):
    """One that hangs up at once may take its answer back with it: what it had not read is answered by a reset."""

    def serve():
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):  # the client hangs up
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            if reads_on:
                silent(connection, b"")

    noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), np.uint8)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = threading.Thread(target=serve)
        server.start()
        with Client(url, retries=Retries(attempts=1)) as client, pytest.raises(kinds):
            client.predict([noise])
        server.join()


@pytest.mark.parametrize("head", [b"302 Found\r\nLocation: /v1/models/wsfcn", b"500 X\r\nRetry-After: 3600"])
def test_no_answer_makes_the_client_go_elsewhere_or_wait(head):
    server = Raw(send(b"HTTP/1.1 " + head + b"\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(Failed):
        ask(server)
    assert len(server.requests) == 1


# === Time-outs ===


def test_silence():
    server = Raw(silent)
    with pytest.raises(TimedOut, match="no whole answer in time"):
        ask(server, Timeouts(silence=0.1))
    assert len(server.requests) == 1  # it may still be at work on it


DRIPS = {"headers": OK + b"A: b\r\n" * 99, "body": OK + b"Content-Length: 300\r\n\r\n" + b" " * 200}


@pytest.mark.parametrize("data", DRIPS.values(), ids=DRIPS)
def test_a_drip_of_headers_or_of_a_body_ends_in_time(data):
    with pytest.raises(TimedOut):
        ask(Raw(drip(data)), Timeouts(total=0.3))


# === Answers that are wrong ===


@pytest.mark.parametrize("length", [b"99999999999999999999", b"300000000"])
def test_a_length_beyond_the_limit_is_not_read(length):
    with pytest.raises(BadReply, match="at most 268,435,456 are taken: raise"):
        ask(Raw(send(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n")))


def test_a_body_without_end_is_not_read_to_it():
    def endless(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    with pytest.raises(BadReply, match="the answer has more bytes, and at most 1,000,000 are taken"):
        ask(Raw(endless), limits=Limits(reply_bytes=1_000_000))


NOT_HTTP = {
    "another protocol": b"SSH-2.0-OpenSSH_9\r\n",
    "a cut status line": b"HTTP/1.1 20",
    "too many headers": OK + b"A: b\r\n" * 200,
    "a long header": OK + b"A: " + b"b" * 70_000,
}


@pytest.mark.parametrize("data", NOT_HTTP.values(), ids=NOT_HTTP)
def test_what_is_not_http(data):
    with pytest.raises(BadReply, match="does not answer in HTTP"):
        ask(Raw(send(data + b"\r\n" * 2)))


WRONG = {
    "not JSON": (b"<html>", "is not JSON"),
    "NaN": (json.dumps(reply(scores=[float("nan"), 0.5])).encode(), "NaN is not a JSON value"),
    "too deep": (b"[" * 100_000, "is not JSON that can be read"),
    "not text": (b"\xff\xfe", "the answer is not text"),
    "another object": ({"predictions": []}, 'holds no "outputs"'),
    "a list": ([1], 'holds no "outputs"'),
    "nothing": ({"outputs": {}}, "the output scores is not an array"),
    "base64": (reply({"b64": "not base64!"}), "the output mask_bytes is not an array of numbers or strings"),
    "no base64": (reply("text"), "the output mask_bytes is not an array of numbers or strings"),
    "mixed": (reply([1, "a"]), "the output mask_bytes is not"),
    "not a PNG": (reply(b64(b"\x89PNG\r\n\x1a\n")), "photo 1: the answer's mask cannot be read as a PNG"),
    "a cut PNG": (reply(b64(mask()[:-40])), "photo 1: the answer's mask cannot be read as a PNG"),
    "another size": (reply(b64(mask(LABELS.T))), "photo 1: the answer's mask is 12x16 and the photo 16x12"),
    "a bomb": (reply(b64(png(np.zeros((9000, 9000), np.uint8)))), "mask is 9000x9000 and the photo 16x12"),
    "a colour picture": (reply(b64(png(IMAGE))), "the answer's mask is no index PNG, but RGB"),
    "labels": (reply(b64(mask(LABELS + 1))), "the answer has labels from 1 to 3, and 2 classes"),
    "names": (reply(labels="cat"), "the answer names 1 classes, and its mask has 2"),
    "two photos": (reply(scores=[[0.1, 0.2]]), "the output scores is not an array of numbers in 2 dimensions"),
    "no scores": (reply(scores=[]), r"the answer's are \[1, 0\]"),
    "scores": (reply(scores=[0.5, 1.5]), "not every score is between 0 and 1"),
    "words": (reply(scores=["a", "b"]), "the output scores is not an array of numbers"),
    "truth": (reply(scores=[True, False]), "the output scores is not an array of numbers"),
    "ragged": ({"outputs": {"scores": [[1], [1, 2]]}}, "the output scores is not an array of numbers or strings"),
    "null": ({"outputs": {"scores": None}}, "the output scores is not an array of numbers or strings"),
    "a huge number": (b'{"outputs": {"scores": [[' + b"9" * 5000 + b"]]}}", "is not JSON that can be read"),
    "more masks": ({"outputs": {**reply()["outputs"], "mask_bytes": [b64(mask())] * 2}}, "mask_bytes is not 1 strings"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_one_clear_error(value, message):
    server = Raw(answer(value))
    with pytest.raises(BadReply, match=rf"^http://127\.0\.0\.1:\d+/v1/models/wsfcn: .*{message}"):
        ask(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("call", "outputs", "message"),
    [
        ("predict_array", {"labels": [LABELS.T.tolist()], "scores": [[0.1, 0.2]]}, r"labels \[1, 12, 16\] are"),
        ("predict_array", {"labels": [(LABELS + 1).tolist()], "scores": [[0.1, 0.2]]}, "labels from 1 to 3"),
        ("predict_array", {"labels": [(LABELS + 0.5).tolist()], "scores": [[0.1, 0.2]]}, "answer's are float64"),
        ("predict_array", {"labels": ["a"], "scores": [[0.1, 0.2]]}, "the output labels is not an array of numbers"),
        ("probabilities", {"masks": [[[[0.0, 1.0]]]], "scores": [[0.1, 0.2]]}, r"masks \[1, 12, 16, 3\] in \[0, 1\]"),
        ("probabilities", {"masks": [[[[2.0] * 3] * 16] * 12], "scores": [[0.1, 0.2]]}, "are asked for"),
    ],
)  # fmt: skip
def test_a_wrong_answer_to_an_array(call, outputs, message):
    with (
        Raw(answer({"outputs": outputs})).running() as url,
        Client(url) as client,
        pytest.raises(BadReply, match=message),
    ):
        getattr(client, call)(IMAGE[None])


@pytest.mark.parametrize("value", [{}, {"metadata": {"signature_def": []}}, {"model_version_status": [{"state": 1}]}])
def test_wrong_answers_about_the_model(value):
    for call in ("signatures", "versions"):
        with Raw(answer(value)).running() as url, Client(url) as client, pytest.raises(BadReply):
            getattr(client, call)()
