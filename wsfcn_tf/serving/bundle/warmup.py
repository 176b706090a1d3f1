"""Warm-up records: what the server asks itself when it loads a version, so that no user waits for the first answer."""

import io
from pathlib import Path
from typing import Any

import tensorflow as tf
from PIL import Image

from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.errors import UserError
from wsfcn_tf.serving.client.errors import printable
from wsfcn_tf.serving.protos import protos

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
MOST_RECORDS = 1000  # TensorFlow Serving refuses to load a version with more
_SIDES = (128, 256, 384)  # of the scenes, in turns: a graph for photos of any size plans for each size anew


def warmup_requests(name: str, count: int, max_batch: int) -> list[Any]:
    """PredictRequests for `serving_default`: of one generated scene each, and the last of as many as a batch holds.

    Args:
        name: of the model.
        count: of requests.
        max_batch: photos in the last one.
    """
    request_of = protos("apis.predict_pb2").PredictRequest
    requests = []
    for index in range(count):
        photos = range(max_batch) if index == count - 1 else range(1)
        request = request_of()
        request.model_spec.name = name
        request.model_spec.signature_name = "serving_default"
        data = [_scene(index + photo) for photo in photos]
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(data, tf.string))
        requests.append(request)
    return requests


def write_warmup(path: Path, requests: list[Any]) -> None:
    """A TFRecord of PredictionLogs."""
    log = protos("apis.prediction_log_pb2")
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in requests:
            writer.write(log.PredictionLog(predict_log=log.PredictLog(request=request)).SerializeToString())


def replay(version: Path, requests: list[Any]) -> None:
    """Runs the requests on a SavedModel: the server would not serve a version that fails at one.

    Raises:
        UserError: it does.
    """
    signatures = tf.saved_model.load(str(version)).signatures
    for request in requests:
        inputs = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
        try:
            signatures[request.model_spec.signature_name](**inputs)
        except tf.errors.OpError as error:
            words = f"fails at a warm-up request, of scenes of up to {_SIDES[-1]} pixels a side"
            raise UserError(f"{version}: {words}: {printable(error.message)}") from None


def _scene(index: int) -> bytes:
    scenes = Scenes(ScenesConfig(train=1, val=1, size=_SIDES[index % len(_SIDES)], seed=index))
    buffer = io.BytesIO()
    Image.fromarray(scenes.image("val_0000")).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
