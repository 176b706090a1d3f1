"""TensorFlow Serving's gRPC API (Predict, GetModelMetadata, GetModelStatus) over a `Models`, by the official protos."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import tensorflow as tf
from loopback.model import Failure
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)


@contextmanager
def serve_grpc(models, port=0, tls=None):
    """Yields grpc://HOST:PORT while the server runs; grpcs:// with a trustme.LeafCert."""
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", -1)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Predictions(models), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Status(models), server)
    if tls is None:
        port = server.add_insecure_port(f"127.0.0.1:{port}")
    else:
        pair = (tls.private_key_pem.bytes(), b"".join(pem.bytes() for pem in tls.cert_chain_pems))
        port = server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([pair]))
    server.start()
    try:
        yield f"{'grpc' if tls is None else 'grpcs'}://127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def _spec(model_spec):
    which = model_spec.WhichOneof("version_choice")
    version = model_spec.version.value if which == "version" else None
    return model_spec.name, version, model_spec.version_label if which == "version_label" else None


def _or_abort(context, work):
    try:
        return work()
    except Failure as error:
        return context.abort(getattr(grpc.StatusCode, error.code), str(error))


class _Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, models):
        self._models = models

    def Predict(self, request, context):
        return _or_abort(context, lambda: self._predict(request))

    def GetModelMetadata(self, request, context):
        return _or_abort(context, lambda: self._metadata(request))

    def _predict(self, request):
        spec = _spec(request.model_spec)
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        reply = predict_pb2.PredictResponse()
        for name, value in self._models.predict(spec, request.model_spec.signature_name, inputs).items():
            reply.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return reply

    def _metadata(self, request):
        spec = _spec(request.model_spec)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, definition in self._models.definitions(spec).items():
            signatures.signature_def[name].CopyFrom(definition)
        reply = get_model_metadata_pb2.GetModelMetadataResponse()
        reply.metadata["signature_def"].Pack(signatures)
        return reply


class _Status(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, models):
        self._models = models

    def GetModelStatus(self, request, context):
        return _or_abort(context, lambda: self._status(request))

    def _status(self, request):
        reply = get_model_status_pb2.GetModelStatusResponse()
        for version in self._models.versions(_spec(request.model_spec)):
            reply.model_version_status.add(version=version, state=30)
        return reply
