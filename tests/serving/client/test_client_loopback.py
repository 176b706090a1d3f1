"""The client against servers that speak TensorFlow Serving's contracts over a SavedModel, on both transports."""

import socket
import threading
import time
from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest
from loopback.batching import Batcher
from loopback.grpc_end import serve_grpc
from loopback.model import Failure, Models
from loopback.rest import serve_rest
from loopback.toy import expected, photo, png, save_toy
from PIL import Image

from wsfcn_tf.data.photos.images import decode_image, read_image
from wsfcn_tf.errors import UserError
from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import BadReply, Failed, Limits, Refused, Retries, TimedOut, Timeouts, Unavailable
from wsfcn_tf.serving.client import client as client_module
from wsfcn_tf.serving.client.photos import encoded
from wsfcn_tf.serving.client.retry import with_retries

QUICK = Retries(attempts=3, first_wait=0.001)
SERVE = {"http": serve_rest, "grpc": serve_grpc}


class Script:
    """What the servers do before a prediction: each step once, then nothing; `sizes` of nothing."""

    def __init__(self):
        self.steps, self.calls = [], 0

    def __call__(self):
        self.calls += 1
        if self.steps:
            self.steps.pop(0)()


def fail(code):
    """A step that ends a prediction."""

    def step():
        raise Failure(code, f"it is {code}\nin two lines")

    return step


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "wsfcn"
    for version in (1, 3):
        save_toy(folder / str(version))
    return folder


@pytest.fixture(scope="module")
def batcher():
    return Batcher(max_batch_size=4, timeout=0.0)


@pytest.fixture(scope="module")
def script():
    return Script()


@pytest.fixture(scope="module")
def urls(folder, batcher, script):
    """{scheme: URL} of two servers of one model."""
    models = Models(folder, labels={"stable": 1}, batch=batcher, before=script)
    with ExitStack() as stack:
        yield {scheme: stack.enter_context(serve(models)) for scheme, serve in SERVE.items()}


@pytest.fixture(params=SERVE)
def url(urls, script, request):
    script.steps, script.calls = [], 0
    return urls[request.param]


def check(results, images):
    assert len(results) == len(images)
    for result, image in zip(results, images):
        labels, scores = expected(image)
        np.testing.assert_array_equal(result.labels, labels)
        np.testing.assert_allclose(result.scores, scores, rtol=1e-6)
        assert (result.labels.dtype, result.scores.dtype) == (np.uint8, np.float32)


# === Predictions ===


def test_photos_of_every_form_and_size_come_back_in_their_order(url, tmp_path):
    images = [photo(seed, 5 + seed, 20 - seed) for seed in range(6)]
    (tmp_path / "a.png").write_bytes(png(images[1]))
    photos = [images[0], tmp_path / "a.png", str(tmp_path / "a.png"), png(images[2]), *images[3:]]
    with Client(url, limits=Limits(batch_photos=3)) as client:
        results = client.predict(iter(photos))
    check(results, [images[0], images[1], images[1], *images[2:]])
    assert all(result.class_names == ("cat", "dog") for result in results)


def test_no_photos_are_no_request(url, script):
    with Client(url) as client:
        assert client.predict([]) == []
    assert script.calls == 0


@pytest.mark.parametrize("limits", [Limits(batch_photos=2), Limits(batch_bytes=2 * 12 * 16 * 3 + 100)])
def test_arrays(url, script, limits):
    images = np.stack([photo(seed) for seed in range(5)])
    with Client(url, limits=limits) as client:
        results = client.predict_array(images)
        check(results, images)
        assert (results[0].class_names, script.calls) == ((None, None), 3)
        masks, scores = client.probabilities(images)
    assert (masks.shape, masks.dtype, scores.dtype) == ((5, 12, 16, 3), np.float32, np.float32)
    np.testing.assert_array_equal(masks.argmax(-1), [result.labels for result in results])
    np.testing.assert_allclose(scores, [result.scores for result in results])


def test_a_photo_on_its_side(url, tmp_path):
    """EXIF: what a server turns, or does not, is the photo's mask either way round."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(0)).save(tmp_path / "a.jpg", exif=exif)
    with Client(url) as client:
        assert client.predict([tmp_path / "a.jpg"])[0].labels.shape in ((12, 16), (16, 12))


def test_threads_share_a_client(url):
    images = [photo(seed) for seed in range(24)]
    results = {}
    with Client(url, limits=Limits(batch_photos=1)) as client:

        def work(part):
            results[part] = client.predict(images[part::8])

        threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for part in range(8):
        check(results[part], images[part::8])


# === Batches ===


def test_a_batch_is_split_where_the_server_takes_fewer(url, batcher, script):
    """The server's batching takes 4; a refused 6 comes as 3 and 3."""
    images = [photo(seed) for seed in range(6)]
    del batcher.batches[:]
    with Client(url, limits=Limits(batch_photos=6)) as client:
        check(client.predict(images), images)
    assert (batcher.batches, script.calls) == ([3, 3], 3)


def test_an_array_is_split_where_the_server_takes_fewer(url, batcher, script):
    images = np.stack([photo(seed) for seed in range(7)])
    del batcher.batches[:]
    with Client(url) as client:
        check(client.predict_array(images), images)
        assert len(client.probabilities(images)[0]) == 7
    assert (batcher.batches, script.calls) == ([3, 4] * 2, 6)


def test_the_photo_that_a_server_refuses_is_named(url, tmp_path):
    broken = tmp_path / "b.png"
    data = png(photo(0, 40, 40))
    broken.write_bytes(data[: len(data) // 2])
    with (
        Client(url) as client,
        pytest.raises(Refused, match=rf"^{broken}: \S+/v1/models/wsfcn: (400|INVALID_ARGUMENT): "),
    ):
        client.predict([photo(1), photo(2), broken])


def refuse(size, place=0):
    """A step with the words of an exported network about a photo of so many bytes."""

    def step():
        words = f"image {place} of the batch ({size} bytes): it is GIF and has to be JPEG or PNG"
        raise Failure("INVALID_ARGUMENT", f"assertion failed: [{words}]\n\t [[{{{{node map/while/Assert}}}}]]")

    return step


def test_the_photo_that_a_server_names_is_known_at_once(url, script, tmp_path):
    """Whatever its place in the batch that the server has put together."""
    images = [photo(seed, 5 + seed) for seed in range(5)]
    (tmp_path / "b.png").write_bytes(png(images[3]))
    script.steps = [refuse(len(png(images[3])), place=11)]
    named = rf"^{tmp_path}/b.png: \S+/v1/models/wsfcn: it is GIF and has to be JPEG or PNG$"
    with Client(url) as client, pytest.raises(Refused, match=named):
        client.predict([*images[:3], tmp_path / "b.png", images[4]])
    assert script.calls == 1


def test_of_photos_of_one_size_the_refused_one_is_found(url, script):
    """Three copies are split into one, which is answered, and two, which are split again."""
    data = png(photo(1))
    script.steps = [refuse(len(data)), lambda: None, refuse(len(data)), refuse(len(data))]
    with Client(url) as client, pytest.raises(Refused, match=r"^photo 2: \S+: it is GIF"):
        client.predict([data] * 3)
    assert script.calls == 4


def test_another_callers_photo_is_not_blamed_on_this_request(url, script):
    images = [photo(0), photo(1)]
    script.steps = [refuse(7)] * 2
    with Client(url, retries=QUICK) as client:
        check(client.predict(images), images)
        assert script.calls == 3
        script.steps = [refuse(7)] * 3
        with pytest.raises(Unavailable, match=r"another caller's photo failed the batch .*\(tried 3 times\)$"):
            client.predict(images)


def test_requests_keep_to_both_limits(url, script):
    images = [photo(seed) for seed in range(4)]
    size = len(png(images[0]))
    with Client(url, limits=Limits(batch_bytes=2 * size + 200)) as client:
        check(client.predict(images), images)
    assert script.calls == 2
    with Client(url, limits=Limits(batch_bytes=1)) as client:
        check(client.predict(images), images)  # too long for any request: one by one
    assert script.calls == 6


# === Errors ===


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


@pytest.mark.parametrize("serve", SERVE.values(), ids=SERVE)
def test_a_time_out_is_final(folder, serve):
    """A server of its own, for it may begin with the request when the client has long given up."""
    script, timed_out = Script(), threading.Event()
    script.steps = [timed_out.wait] * 3
    with serve(Models(folder, before=script)) as url, Client(url, Timeouts(total=0.3), QUICK) as client:
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


def test_nobody_there_and_then_somebody(folder, monkeypatch):
    """A server that starts while the client waits to try again."""
    with socket.socket() as taken, ExitStack() as stack:  # by one who does not listen, and lets a server listen there
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        client = stack.enter_context(Client(f"grpc://127.0.0.1:{port}", retries=Retries(1000, 0.1, 0.1)))

        def start_and_wait(seconds):
            if not started:
                started.append(stack.enter_context(serve_grpc(Models(folder), port)))
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


# === About the model ===


def test_versions_labels_and_signatures(url):
    with Client(url) as client:
        assert client.versions() == {1: "AVAILABLE", 3: "AVAILABLE"}
        signatures = client.signatures()
    assert sorted(signatures) == ["predict_array", "probabilities", "serving_default"]
    inputs = signatures["serving_default"]["inputs"]
    assert {name: tensor["dtype"] for name, tensor in inputs.items()} == {"image_bytes": "DT_STRING"}
    for path in ("/versions/1", "/labels/stable", "/versions/3"):
        with Client(f"{url}/v1/models/wsfcn{path}") as client:
            check(client.predict([photo(0)]), [photo(0)])
            assert client.versions() == {3 if path.endswith("3") else 1: "AVAILABLE"}
