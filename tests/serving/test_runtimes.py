"""One file for TensorFlow Lite or ONNX Runtime, from a network of one convolution."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, smallest_network
from tiny import NAMES, TinyNetwork

from wsfcn_tf.config import ExperimentConfig, InferenceConfig, ModelConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.serving.graph.segmenter import ExportConfig, Segmenter
from wsfcn_tf.serving.runtimes import convert
from wsfcn_tf.weights.trained import Trained

# an inner size is in the place of a photo_side, which would look at so small photos enlarged
RULES = InferenceConfig(background_value=0.3, logit_adjustment=0.5, class_log_odds=(-2.0, 0.0, 1.0))
CONFIG = ExportConfig(replace(RULES, photo_side=200), (24, 32))
IMAGE = np.random.default_rng(0).integers(0, 256, (1, 24, 32, 3), dtype=np.uint8)


@pytest.fixture
def trained(tmp_path):
    experiment = ExperimentConfig(model=ModelConfig(num_classes=3))
    weights = tmp_path / "run" / "model.weights.h5"
    weights.parent.mkdir()
    weights.write_bytes(b"not read, but its checksum is noted")
    return Trained(TinyNetwork(), experiment, NAMES, weights, weights.parent)


def expected():
    segmenter = Segmenter(TinyNetwork(), NAMES, ExportConfig(RULES))
    return segmenter.probabilities(IMAGE)


@pytest.mark.parametrize(("runtime", "tolerance"), [("tflite-float16", 1e-2), ("tflite-int8", 5e-2)])
def test_tflite(trained, tmp_path, runtime, tolerance):
    file = tmp_path / "net.tflite"
    convert(trained, CONFIG, file, runtime)
    answer = tf.lite.Interpreter(str(file)).get_signature_runner()(images=IMAGE)
    for name, values in expected().items():
        np.testing.assert_allclose(answer[name], values, atol=tolerance)
    assert json.loads((tmp_path / "net.tflite.metadata.json").read_text())["format"] == runtime


def test_onnx(trained, tmp_path):
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    file = tmp_path / "net.onnx"
    convert(trained, CONFIG, file, "onnx")
    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    answers = session.run(["masks", "scores"], {"images": IMAGE})
    for answer, name in zip(answers, ("masks", "scores")):
        np.testing.assert_allclose(answer, expected()[name], atol=1e-5)


@pytest.mark.usefixtures("few_weights")
@pytest.mark.parametrize("runtime", ["tflite-float16", "onnx"])
def test_several_networks(trained, tmp_path, runtime):
    model = smallest_network(networks=2)
    for member in model.members():
        gentle(member)
    file, trained = tmp_path / f"net.{runtime.partition('-')[0]}", replace(trained, model=model)
    if runtime == "onnx":
        pytest.importorskip("tf2onnx")
        onnxruntime = pytest.importorskip("onnxruntime")
    convert(trained, CONFIG, file, runtime)
    if runtime == "onnx":
        session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
        answer = dict(zip(("masks", "scores"), session.run(["masks", "scores"], {"images": IMAGE})))
    else:
        answer = tf.lite.Interpreter(str(file)).get_signature_runner()(images=IMAGE)
    segmenter = Segmenter(model, NAMES, ExportConfig(RULES))  # held: its functions know it weakly
    for name, values in segmenter.probabilities(IMAGE).items():
        np.testing.assert_allclose(answer[name], values, atol=5e-2)


@pytest.mark.parametrize(
    ("config", "name", "message"),
    [
        (ExportConfig(), "net.tflite", "say which with --inner-size"),
        (CONFIG, "net.onnx", "must end in .tflite"),
        (ExportConfig(InferenceConfig(flip=True), (24, 32)), "net.tflite", "--set inference.flip=false"),
        (ExportConfig(InferenceConfig(window_scales=(1,)), (24, 32)), "net.tflite", "inference.window_scales="),
        (ExportConfig(inner_size=(24, 32), refine="pamr"), "net.tflite", "has no --refine pamr"),
    ],
)
def test_what_a_runtime_lacks_is_refused(trained, tmp_path, config, name, message):
    with pytest.raises(UserError, match=message):
        convert(trained, config, tmp_path / name, "tflite-int8")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
