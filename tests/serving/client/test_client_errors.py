"""What the client makes of a server's errors, and what it does not send, on both transports."""

import socket
import threading
import time
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest
from loopback.grpc_end import serve_grpc
from loopback.model import Models
from loopback.rest import serve_rest
from loopback.script import Script, fail
from loopback.toy import check, photo
from PIL import Image

from wsfcn_tf.data.photos.images import decode_image, read_image
from wsfcn_tf.errors import UserError
from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import BadReply, Failed, Limits, Refused, Retries, TimedOut, Timeouts, Unavailable
from wsfcn_tf.serving.client import client as client_module
from wsfcn_tf.serving.client.photos import encoded
from wsfcn_tf.serving.client.retry import with_retries

QUICK = Retries(attempts=3, first_wait=0.001)


def test_an_overloaded_server_is_asked_again(url, script):
    script.steps = [fail("UNAVAILABLE")] * 2
    with Client(url, retries=QUICK) as client:
        check(client.predict([photo(0)]), [photo(0)])
        assert script.calls == 3
        script.steps = [fail("UNAVAILABLE")] * 3
        with pytest.raises(Unavailable, match=r"(503|UNAVAILABLE): it is UNAVAILABLE in two lines \(tried 3 times\)$"):
            client.predict([photo(0)])


@pytest.mark.parametrize(
    ("code", "kind"), [("INTERNAL", Failed), ("INVALID_ARGUMENT", Refused), ("RESOURCE_EXHAUSTED", Failed)]
)
def test_other_errors_are_final(url, script, code, kind):
    script.steps = [fail(code)]
    with Client(url, retries=QUICK) as client, pytest.raises(kind, match=f"it is {code} in two lines$"):
        client.predict([photo(0)])
    assert script.calls == 1


@pytest.mark.parametrize("serve", [serve_rest, serve_grpc], ids=["http", "grpc"])
def test_a_time_out_is_final(two_versions, serve):
    """A server of its own, for it may begin with the request when the client has long given up."""
    script, timed_out = Script(), threading.Event()
    script.steps = [timed_out.wait] * 3
    with serve(Models(two_versions, before=script)) as url, Client(url, Timeouts(total=0.3), QUICK) as client:
        with pytest.raises(TimedOut):
            client.predict([photo(0)])
        timed_out.set()
    assert script.calls <= 1


def test_no_such_model_version_label_or_signature(url):
    for path, message in (
        ("/v1/models/other", r"Servable not found for request: Latest\(other\)"),
        ("/v1/models/wsfcn/versions/2", r"Servable not found for request: Specific\(wsfcn, 2\)"),
    ):
        with Client(url + path) as client:
            for ask in (lambda: client.predict([photo(0), photo(1)]), client.signatures, client.versions):
                with pytest.raises(Failed, match=message):
                    ask()
    with Client(f"{url}/v1/models/wsfcn/labels/canary") as client, pytest.raises(Refused, match="label: canary"):
        client.predict([photo(0)])


def test_nobody_there_and_then_somebody(two_versions, monkeypatch):
    """A server that starts while the client waits to try again."""
    with socket.socket() as taken, ExitStack() as stack:  # by one who does not listen, and lets a server listen there
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        client = stack.enter_context(Client(f"grpc://127.0.0.1:{port}", retries=Retries(1000, 0.1, 0.1)))

        def start_and_wait(seconds):
            if not started:
                started.append(stack.enter_context(serve_grpc(Models(two_versions), port)))
            time.sleep(seconds)

        started = []
        monkeypatch.setattr(client_module, "with_retries", partial(with_retries, sleep=start_and_wait))
        check(client.predict([photo(0)]), [photo(0)])
        assert started
    nobody = pytest.raises(Unavailable, match=r"UNAVAILABLE: .*\(tried 2 times\)")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"grpc://127.0.0.1:{taken.getsockname()[1]}"
        with Client(url, retries=Retries(2, 0.001)) as client, nobody:
            client.predict([photo(0)])


def test_answers_of_grpc_are_bounded(urls):
    with (
        Client(urls["grpc"], limits=Limits(reply_bytes=1000)) as client,
        pytest.raises(BadReply, match="longer than 1,000"),
    ):
        client.probabilities(np.stack([photo(0, 64, 64)]))


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "GIF"])
def test_what_a_server_does_not_decode_is_sent_as_a_png(kind, tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(photo(0, 12, 16)).save(path, kind)
    sent = encoded(path, "photo")
    assert (sent.name, sent.size, sent.turned) == (str(path), (12, 16), False)
    assert sent.data.startswith(b"\x89PNG")
    np.testing.assert_array_equal(read_image(path), decode_image(sent.data, "photo"))


def test_what_cannot_be_sent(url, script, tmp_path):
    (tmp_path / "a.jpg").write_text("text")
    wrong = [
        (tmp_path / "a.jpg", f"{tmp_path}/a.jpg: cannot be read as a JPEG or PNG"),
        (tmp_path / "gone.jpg", "there is no such file"),
        (b"GIF89a", "photo 1: cannot be read as an image"),
        (np.zeros((4, 4, 3)), r"photo 1: a photo is uint8 \[H, W, 3\], not float64 \[4, 4, 3\]"),
        (np.zeros((4, 0, 3), np.uint8), r"not uint8 \[4, 0, 3\]"),
    ]
    with Client(url) as client:
        for sent, message in wrong:
            with pytest.raises(UserError, match=message):
                client.predict([sent])
        for images in (
            np.zeros((4, 4, 3), np.uint8),
            np.zeros((1, 4, 4, 3), np.float32),
            np.zeros((0, 4, 4, 3), np.uint8),
        ):
            with pytest.raises(UserError, match=r"photos as an array are uint8 \[B, H, W, 3\]"):
                client.predict_array(images)
    assert script.calls == 0
