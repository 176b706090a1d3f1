"""What is around a network in the exported graph, on a network of one convolution."""

import io
import os

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny import NAMES, TinyNetwork

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.ops import pamr
from wsfcn_tf.serving.graph.limits import Limits
from wsfcn_tf.serving.graph.segmenter import ExportConfig, Segmenter

LIMITS = Limits(bytes=20_000, pixels=10_000, side=150, batch=3)
REQUESTS = int(os.environ.get("FUZZED_REQUESTS", "100"))


def photo(height, width, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def png(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def broken(data):
    """With the header and the end of a PNG, and pixels that cannot be unpacked."""
    place = data.index(b"IDAT") + 6
    return data[:place] + bytes([255] * 14) + data[place + 14 :]


def labels_of(data):
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture(scope="module")
def plain():
    return Segmenter(TinyNetwork(), NAMES, ExportConfig(InferenceConfig(background_value=0.3), limits=LIMITS))


@pytest.fixture(scope="module")
def fixed():
    return Segmenter(TinyNetwork(), NAMES, ExportConfig(InferenceConfig(), (32, 48), limits=LIMITS))


@pytest.mark.parametrize(
    "config",
    [
        InferenceConfig(background="power", background_value=3.0, presence_threshold=0.0, flip=True),
        InferenceConfig(background="none", presence_threshold=0.45, scales=(1.0, 0.5, 1.5)),
        InferenceConfig(logit_adjustment=1.5, class_log_odds=(-2.0, 0.5, -1.0), presence_threshold=0.0),
        InferenceConfig(presence_threshold=0.0, window_scales=(1.0,), window_side=19, flip=True),
        InferenceConfig(presence_threshold=0.0, window_scales=(1.5, 2.0), window_side=16, tile_overlap=0.5),
        InferenceConfig(presence_threshold=0.0, window_scales=(1.0,), window_side=16, tile_overlap=0.0),
    ],
    ids=["flips", "scales", "adjusted", "window", "window at scales", "window without overlap"],
)
def test_views_and_rules_as_predict(config):
    segmenter, predict = Segmenter(TinyNetwork(), NAMES, ExportConfig(config)), Predictor(TinyNetwork(), config)
    exact, found = {*config.scales, *config.window_scales} == {1.0}, set()
    for height, width in ((31, 45), (32, 30), (1, 1), (1, 40)):
        image = photo(height, width)
        answer, expected = segmenter.probabilities(image[None]), predict(image)
        np.testing.assert_allclose(answer["scores"][0], expected.scores, atol=1e-5 if exact else 0.01)
        difference = abs(answer["masks"][0].numpy() - expected.masks)
        # scaled views differ by one level where Pillow's rounding is a tie
        assert difference.max() < (1e-5 if exact else 0.02)
        labels = segmenter.predict_array(image[None])["labels"][0].numpy()
        assert (labels == expected.labels).mean() > 0.99
        found |= set(np.unique(labels))
    assert len(found) > 1


def test_a_batch_goes_through_the_window_together():
    inference = InferenceConfig(background="none", presence_threshold=0.0, window_scales=(1.0,), window_side=20)
    images = np.stack([photo(32, 48), photo(32, 48, seed=1)])
    alone = [Predictor(TinyNetwork(), inference)(image).masks for image in images]
    whole = Segmenter(TinyNetwork(), NAMES, ExportConfig(inference))
    at_inner_size = Segmenter(TinyNetwork(), NAMES, ExportConfig(inference, (32, 48)))
    for segmenter in (whole, at_inner_size):
        np.testing.assert_allclose(segmenter.probabilities(images)["masks"], np.stack(alone), atol=1e-5)


def test_refinement_is_pamr_behind_the_rules():
    config = InferenceConfig(background_value=0.3)
    segmenter = Segmenter(TinyNetwork(), NAMES, ExportConfig(config, refine="pamr"))
    images = np.stack([photo(30, 40), photo(30, 40, seed=1)])
    masks = np.stack([Predictor(TinyNetwork(), config)(image).masks for image in images])
    expected = pamr(tf.constant(images, tf.float32) / 255.0, tf.constant(masks))
    np.testing.assert_allclose(segmenter.probabilities(images)["masks"], expected, atol=1e-5)
    assert abs(expected - masks).numpy().max() > 0.01


def test_refined_masks_are_within_their_range():
    """Ten averages with weights that sum to 1 but for rounding; a client takes no mask above 1."""
    config = InferenceConfig(background_value=1.0)
    segmenter = Segmenter(TinyNetwork(), NAMES, ExportConfig(config, refine="pamr"))
    masks = segmenter.probabilities(photo(30, 40)[None])["masks"].numpy()
    assert masks.min() >= 0 and masks.max() <= 1


def test_a_batch_of_mixed_sizes_is_one_batch_at_the_inner_size(fixed):
    images = [photo(20, 90), photo(33, 47), photo(1, 1)]
    answer = fixed.segment_photos(tf.constant([png(image) for image in images]))
    for i, image in enumerate(images):
        labels = labels_of(answer["mask_bytes"][i].numpy())
        masks = fixed.probabilities(image[None])["masks"][0].numpy()
        assert labels.shape == image.shape[:2] and masks.shape[:2] == image.shape[:2]
        np.testing.assert_array_equal(labels, masks.argmax(axis=-1))
        np.testing.assert_array_equal(labels, fixed.predict_array(image[None])["labels"][0])
        names = [NAMES[label - 1] for label in np.unique(labels) if label > 0]
        assert answer["labels"][i].numpy().decode() == ";".join(names)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((0, 8, 8, 3), np.uint8), "the batch is empty"),
        (np.zeros((1, 0, 8, 3), np.uint8), "1 x 0 x 8 has no pixels"),
        (np.zeros((4, 8, 8, 3), np.uint8), "4 images in the batch, more than 3 (max_batch)"),
        (np.zeros((1, 1, 200, 3), np.uint8), "1 x 1 x 200 has a side above 150 (max_side)"),
        (np.zeros((2, 80, 80, 3), np.uint8), "2 x 80 x 80 pixels are more than 10000 (max_pixels)"),
    ],
)
def test_arrays_that_are_refused(plain, images, message):
    for signature in (plain.predict_array, plain.probabilities):
        with pytest.raises(tf.errors.InvalidArgumentError) as raised:
            signature(images)
        assert message in str(raised.value)


def test_masks_that_no_answer_could_hold(monkeypatch):
    monkeypatch.setattr("wsfcn_tf.serving.graph.segmenter.LARGEST", 40 * 50 * 4 * 4)
    segmenter = Segmenter(TinyNetwork(), NAMES, ExportConfig(InferenceConfig(), (32, 48)))
    assert segmenter.probabilities(photo(40, 50)[None])["masks"].shape == (1, 40, 50, 4)
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 x 41 x 50 pixels are more than 2000, whose masks"):
        segmenter.probabilities(photo(41, 50)[None])
    assert segmenter.predict_array(photo(41, 50)[None])["labels"].shape == (1, 41, 50)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 8, 8, 3), np.float32),
        np.full((1, 8, 8, 3), np.nan),
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((1, 8, 8, 4), np.uint8),
    ],
)
def test_wrong_dtype_or_rank(plain, images):
    with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError)):
        plain.predict_array(tf.constant(images))
    assert plain.predict_array(np.zeros((1, 8, 8, 3), np.uint8))["labels"].shape == (1, 8, 8)


@pytest.mark.parametrize("signature", ["predict_array", "probabilities", "serving_default"])
def test_another_rank_by_the_way_of_a_server(plain, tmp_path, signature):
    """No Python function is before a loaded signature that would look at the shape; a kernel would end the process."""
    function = {"serving_default": plain.segment_photos}.get(signature) or getattr(plain, signature)
    tf.saved_model.save(plain, str(tmp_path / "1"), {signature: function})
    call = tf.saved_model.load(str(tmp_path / "1")).signatures[signature]
    if signature == "serving_default":
        name, wrong = "image_bytes", [np.array(b"a"), np.array([[b"a"]])]
    else:
        shapes = [(1, 8, 8, 1), (1, 8, 8, 4), (1, 1, 8, 8, 3), (8, 8, 3), (8,), ()]
        name, wrong = "images", [np.zeros(shape, np.uint8) for shape in shapes]
    for values in wrong:
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
            call(**{name: tf.constant(values)})
    with pytest.raises(tf.errors.InvalidArgumentError, match="was expected to be"):
        call(**{name: tf.constant(np.zeros((1, 8, 8, 3), np.float32))})


def test_one_bad_photo_is_named_and_the_next_request_is_answered(plain, fixed):
    good = png(photo(20, 30))
    for segmenter in (plain, fixed):
        for bad, message in ((b"GIF89a...", "it is GIF"), (broken(good), "its PNG data are broken")):
            named = rf"image 1 of the batch \({len(bad)} bytes\): {message}"
            with pytest.raises(tf.errors.InvalidArgumentError, match=named):
                segmenter.segment_photos(tf.constant([good, bad, bad[:-1]]))
        with pytest.raises(tf.errors.InvalidArgumentError, match="the batch is empty"):
            segmenter.segment_photos(tf.constant([], tf.string))
        with pytest.raises(tf.errors.InvalidArgumentError, match="4 images in the batch"):
            segmenter.segment_photos(tf.constant([good] * 4))
        assert labels_of(segmenter.segment_photos(tf.constant([good]))["mask_bytes"][0].numpy()).shape == (20, 30)


def fuzzed(rng, originals):
    """One of the originals with bytes changed, cut out, repeated, or nothing of it left."""
    data = bytearray(originals[rng.integers(len(originals))])
    kind = rng.integers(5)
    if kind == 0:
        return rng.integers(0, 256, rng.integers(0, 300), dtype=np.uint8).tobytes()
    if kind == 1:
        return bytes(data[: rng.integers(len(data))])
    if kind == 2:
        start, count = rng.integers(len(data)), rng.integers(1, 30)
        return bytes(data[:start] + data[start + count :])
    # most of what decides is in the header
    for place in rng.integers(0, len(data) if kind == 3 else 60, rng.integers(1, 6)):
        data[place] = rng.integers(256)
    return bytes(data)


def test_no_fuzzed_request_ends_the_process(plain, fixed):
    rng = np.random.default_rng(0)
    image = photo(20, 30)
    originals = [png(image), cv2.imencode(".jpg", image)[1].tobytes()]
    outcomes = {"answered": 0, "refused": 0}
    for number in range(REQUESTS):
        segmenter = fixed if number % 2 else plain
        data = fuzzed(rng, originals)
        try:
            answer = segmenter.segment_photos(tf.constant([data]))
        except tf.errors.InvalidArgumentError:
            outcomes["refused"] += 1
            continue
        outcomes["answered"] += 1
        assert labels_of(answer["mask_bytes"][0].numpy()).size <= LIMITS.pixels
    assert min(outcomes.values()) > 0
    print(outcomes)
