"""How the client divides photos into requests, and finds the one that a server refuses, on both transports."""

import numpy as np
import pytest
from loopback.model import Failure
from loopback.toy import check, photo, png

from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import Limits, Refused, Retries, Unavailable

QUICK = Retries(attempts=3, first_wait=0.001)


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
