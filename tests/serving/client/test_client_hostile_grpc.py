"""The gRPC client and a server whose messages are well-formed and wrong: one clear error, and no memory for it."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from loopback.raw import Raw, send, silent
from loopback.toy import expected, photo, png
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from wsfcn_tf.serving import Client
from wsfcn_tf.serving.client import BadReply, Retries, ServingError, Timeouts, Unavailable

IMAGE = photo(0)
LABELS, SCORES = expected(IMAGE)


class Canned(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    """Answers every prediction with `outputs`, TensorProtos by name."""

    outputs = None

    def Predict(self, request, context):
        return predict_pb2.PredictResponse(outputs=self.outputs)

    def GetModelMetadata(self, request, context):
        return get_model_metadata_pb2.GetModelMetadataResponse()

    def GetModelStatus(self, request, context):
        reply = get_model_status_pb2.GetModelStatusResponse()
        reply.model_version_status.add(version=7, state=99)
        return reply


@pytest.fixture(scope="module")
def canned():
    server, servicer = grpc.server(ThreadPoolExecutor(4)), Canned()
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(servicer, server)
    servicer.url = f"grpc://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield servicer
    server.stop(None).wait()


def tensors(**changed):
    """A good answer, changed."""
    good = {
        "mask_bytes": tf.make_tensor_proto([png(LABELS)]),
        "labels": tf.make_tensor_proto([b"cat;dog"]),
        "scores": tf.make_tensor_proto(SCORES[None]),
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def claims(shape):
    """A tensor that says it is larger than it is."""
    proto = tf.make_tensor_proto(np.float32([1.0]))
    proto.tensor_shape.Clear()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


def test_a_good_answer(canned):
    canned.outputs = tensors()
    with Client(canned.url) as client:
        (result,) = client.predict([IMAGE])
    np.testing.assert_array_equal(result.labels, LABELS)
    assert result.class_names == ("cat", "dog")


def test_values_in_fields_of_their_own(canned):
    """TensorFlow Serving's default, where Python's make_tensor_proto packs them."""
    scores = tf.make_tensor_proto(np.zeros((1, 2), np.float32))
    scores.tensor_content = b""
    scores.float_val.extend(SCORES.tolist())
    canned.outputs = tensors(scores=scores)
    with Client(canned.url) as client:
        np.testing.assert_array_equal(client.predict([IMAGE])[0].scores, SCORES)


WRONG = {
    "a size that is not there": (tensors(scores=claims([1, 10**12])), "the output scores is not an array"),
    "a product beyond 64 bits": (tensors(scores=claims([2**62, 2**62])), "the output scores is not an array"),
    "a negative size": (tensors(scores=claims([-1, 2])), "the output scores is not an array"),
    "an unknown type": (tensors(scores=TensorProto(dtype=99)), "the output scores is not an array"),
    "too few bytes": (tensors(scores=TensorProto(dtype=1, tensor_content=b"abc")), "the output scores is not an array"),
    "NaN": (tensors(scores=tf.make_tensor_proto([[np.nan, 0.5]])), "not every score is between 0 and 1"),
    "infinity": (tensors(scores=tf.make_tensor_proto([[np.inf, 0.5]])), "not every score is between 0 and 1"),
    "texts": (tensors(scores=tf.make_tensor_proto([["a", "b"]])), "the output scores is not an array of numbers"),
    "numbers": (tensors(mask_bytes=tf.make_tensor_proto([1])), "the output mask_bytes is not 1 strings"),
    "two of one": (tensors(labels=tf.make_tensor_proto([b"", b""])), "the output labels is not 1 strings"),
    "nothing": ({}, "the output scores is not an array of numbers in 2 dimensions"),
    "no mask": (tensors(mask_bytes=None), "the output mask_bytes is not 1 strings"),
    "half a mask": (tensors(mask_bytes=tf.make_tensor_proto([png(LABELS)[:60]])), "cannot be read as a PNG"),
    "another's labels": (tensors(labels=tf.make_tensor_proto([b"a;b;c"])), "names 3 classes, and its mask has 2"),
    "an escape": (tensors(labels=tf.make_tensor_proto([b"\xff\x1b[2J"])), "names 1 classes, and its mask has 2"),
}  # fmt: skip


@pytest.mark.parametrize(("outputs", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_one_clear_error(canned, outputs, message):
    canned.outputs = outputs
    with Client(canned.url) as client, pytest.raises(BadReply, match=rf"^grpc://\S+/v1/models/wsfcn: .*{message}"):
        client.predict([IMAGE])


def test_names_that_would_move_a_terminals_cursor(canned):
    canned.outputs = tensors(labels=tf.make_tensor_proto([b"c\x1b[2Jat;\xffdog\n"]))
    with Client(canned.url) as client:
        assert client.predict([IMAGE])[0].class_names == ("c [2Jat", "\N{REPLACEMENT CHARACTER}dog")


def test_wrong_answers_about_the_model(canned):
    with Client(canned.url) as client:
        with pytest.raises(BadReply, match="its metadata holds no signatures"):
            client.signatures()
        assert client.versions() == {7: "99"}


@pytest.mark.parametrize("behaviour", [send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), silent], ids=["HTTP/1.1", "silent"])
def test_what_is_not_grpc(behaviour):
    with Raw(behaviour).running() as url:
        address = url.replace("http://", "grpc://")
        with Client(address, Timeouts(total=0.5), Retries(2, 0.001)) as client, pytest.raises(ServingError) as error:
            client.predict([IMAGE])
    assert str(error.value).startswith(f"{address}/v1/models/wsfcn: ")


def test_a_name_that_is_none():
    with Client("grpc://no.such.host.invalid", retries=Retries(1)) as client, pytest.raises(Unavailable):
        client.predict([IMAGE])
