"""SavedModels of every option that changes the graph: saved, loaded by TensorFlow alone, compared with `predict`."""

import io

import cv2
import numpy as np
import pytest
import tensorflow as tf
from alone import answers_alone
from networks import gentle, small_network
from PIL import Image
from tiny import NAMES, TinyKerasNetwork

from wsfcn_tf.__main__ import main
from wsfcn_tf.config import ExperimentConfig, InferenceConfig, ModelConfig
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.ops import pamr
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.serving.graph.views import resize_bicubic
from wsfcn_tf.weights.trained import Trained, load_trained

INFERENCE = InferenceConfig(background_value=0.3)
INNER = (32, 48)
OPTIONS = {
    "float16": ["--precision", "float16"],
    "bfloat16": ["--precision", "bfloat16"],
    "inner-size": ["--inner-size", "32x48"],
    "pamr": ["--refine", "pamr"],
}
# of masks and scores: inputs, weights and the sum of a convolution are rounded, to 11 and 8 bits; and 38 layers of
# drawn weights amplify that
ROUNDING = {"tiny": {"float16": 0.005, "bfloat16": 0.04}, "small": {"float16": 0.05, "bfloat16": 0.4}}


def photo(seed, height=37, width=45):
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


IMAGES = np.stack([photo(0), photo(1)])
PHOTOS = [photo(2), photo(3, 29, 64)]


@pytest.fixture(scope="module", params=["tiny", pytest.param("small", marks=pytest.mark.slow)])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def trained(kind, tmp_path_factory):
    """With drawn weights of all layers, which take a minute to trace for each option, or of one convolution."""
    run = RunFolder(tmp_path_factory.mktemp("run"))
    if kind == "small":
        network = gentle(small_network())
        network.save_weights(run.weights)
        run.create(ExperimentConfig(model=network.config, inference=INFERENCE), NAMES)
        return load_trained(run.root)
    config = ExperimentConfig(model=ModelConfig(num_classes=len(NAMES)), inference=INFERENCE)
    run.create(config, NAMES)
    run.weights.write_bytes(b"not read, but its checksum is noted")
    return Trained(TinyKerasNetwork(config.model), config, NAMES, run.weights, run.root)


@pytest.fixture(scope="module")
def exported(kind, trained, tmp_path_factory):
    """{option: folder}."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        if kind == "tiny":
            patch.setattr("wsfcn_tf.weights.trained.load_trained", lambda path: trained)
            patch.setattr("wsfcn_tf.serving.precision.build_model", TinyKerasNetwork)
        for name, words in OPTIONS.items():
            folders[name] = tmp_path_factory.mktemp(name) / "1"
            assert main(["export", str(trained.run), "--output", str(folders[name]), *words]) == 0
    return folders


@pytest.fixture(scope="module")
def answers(exported, tmp_path_factory):
    """{option: what it says of IMAGES and PHOTOS}, where there is only TensorFlow."""
    encoded = [cv2.imencode(".png", image[..., ::-1])[1] for image in PHOTOS]
    return answers_alone(exported, IMAGES, encoded, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def predict(trained):
    return Predictor(trained.model, INFERENCE)


def labels_of(answer):
    return [np.asarray(Image.open(io.BytesIO(data))) for data in answer["photos"]["mask_bytes"]]


def agree(labels, expected, least):
    return np.mean(np.asarray(labels) == np.asarray(expected)) >= least


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_half_precision_is_what_predict_says_but_for_rounding(kind, answers, exported, predict, precision):
    tolerance = ROUNDING[kind][precision]
    answer = answers[precision]
    difference = 0
    for i, image in enumerate(IMAGES):
        expected = predict(image)
        difference = max(difference, abs(answer["masks"][i] - expected.masks).max())
        np.testing.assert_allclose(answer["masks"][i], expected.masks, atol=tolerance)
        np.testing.assert_allclose(answer["scores"][i], expected.scores, atol=tolerance)
        # a pixel may be another class's where two masks are closer than the rounding
        best = np.sort(expected.masks, axis=-1)
        clear = best[..., -1] - best[..., -2] > 2 * tolerance
        assert clear.mean() > 0.5 or kind == "small"  # whose masks are drawn, too, and close to one another
        np.testing.assert_array_equal(answer["labels"][i][clear], expected.labels[clear])
    assert answer["masks"].dtype == answer["scores"].dtype == np.float32
    # rounded, indeed, and not float32 under another name
    assert difference > 1e-5
    stored = tf.train.load_checkpoint(str(exported[precision] / "variables" / "variables"))
    kernels = [name for name, shape in stored.get_variable_to_shape_map().items() if len(shape) == 4]
    assert {stored.get_variable_to_dtype_map()[name].name for name in kernels} == {precision}


def test_an_inner_size_is_predict_on_the_resized_photo(kind, answers, predict):
    """Resized by Pillow, and its masks back by OpenCV."""
    answer = answers["inner-size"]
    for i, image in enumerate(IMAGES):
        masks, scores = through_inner_size(kind, image, predict)
        np.testing.assert_allclose(answer["masks"][i], masks, atol=0.02)
        np.testing.assert_allclose(answer["scores"][i], scores, atol=0.01)
        assert agree(answer["labels"][i], masks.argmax(-1), 0.99)
    for image, labels in zip(PHOTOS, labels_of(answer), strict=True):
        masks, _ = through_inner_size(kind, image, predict)
        assert labels.shape == image.shape[:2] and agree(labels, masks.argmax(-1), 0.99)
    assert abs(answer["masks"][0] - predict(IMAGES[0]).masks).max() > 0.05


def through_inner_size(kind, image, predict):
    # columns first, whatever order this Pillow prefers where one side grows and the other shrinks
    columns = Image.fromarray(image).resize((INNER[1], image.shape[0]), Image.Resampling.BICUBIC)
    inner = np.asarray(columns.resize(INNER[::-1], Image.Resampling.BICUBIC))
    if kind == "small":
        # Pillow rounds a tie another way, and 38 layers of drawn weights make 0.3 of one level in 255
        ours = resize_bicubic(image[None], tf.constant(INNER))[0].numpy()
        assert abs(ours.astype(int) - inner).max() <= 1
        inner = ours
    found = predict(inner)
    return cv2.resize(found.masks, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), found.scores


def test_pamr_is_that_of_training_on_what_predict_says(answers, predict):
    """float32 on both sides, in another order of sums."""
    answer = answers["pamr"]
    for i, image in enumerate(IMAGES):
        expected = refined(image, predict)
        np.testing.assert_allclose(answer["masks"][i], expected, atol=1e-4)
        assert agree(answer["labels"][i], expected.argmax(-1), 0.999)
    # one photo of the size above: what is expected is compiled for every size anew
    assert agree(labels_of(answer)[0], refined(PHOTOS[0], predict).argmax(-1), 0.999)
    assert abs(answer["masks"][0] - predict(IMAGES[0]).masks).max() > 0.01


def refined(image, predict):
    masks = predict(image).masks[None]
    return pamr(tf.constant(image[None], tf.float32) / 255.0, tf.constant(masks))[0].numpy()
