"""The client against servers that speak TensorFlow Serving's contracts over a SavedModel, on both transports."""

import threading

import numpy as np
import pytest
from loopback.toy import check, photo, png
from PIL import Image

from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import Limits

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
