"""TensorFlow Serving's gRPC API as a client needs it. Needs tensorflow-serving-api, and TensorFlow."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from wsfcn_tf.serving.client.address import Address
from wsfcn_tf.serving.client.errors import BadReply, Failed, Refused, ServingError, TimedOut, Unavailable, printable
from wsfcn_tf.serving.client.limits import Timeouts
from wsfcn_tf.serving.client.tls import not_trusted
from wsfcn_tf.serving.protos import protos

_ERRORS: dict[grpc.StatusCode, type[ServingError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: Refused,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: TimedOut,
}
_NOT_TRUSTED = re.compile(r"CERTIFICATE_VERIFY_FAILED(?:: ([\w ,-]+))?")


class GrpcTransport:
    """Requests to a served model's signatures, and what it says of itself; the twin of `RestTransport`. Thread-safe.

    Args:
        address: of the model.
        timeouts: of each attempt; gRPC knows `connect` and `total`.
        reply_bytes: the longest answer that is taken.
        trusted: certificates as PEM text, in place of the system's.

    Raises:
        UserError: tensorflow-serving-api is not installed.
    """

    def __init__(self, address: Address, timeouts: Timeouts, reply_bytes: int, trusted: str | None = None) -> None:
        self._address = address
        self._timeout = timeouts.total
        self._reply_bytes = reply_bytes
        self._predict_pb2 = protos("apis.predict_pb2")
        options = {
            "grpc.max_receive_message_length": reply_bytes,
            "grpc.max_send_message_length": -1,
            "grpc.min_reconnect_backoff_ms": int(1000 * timeouts.connect),  # is the time-out of connecting, too
            "grpc.initial_reconnect_backoff_ms": 100,  # `Retries` waits: an attempt must be one
            "grpc.max_reconnect_backoff_ms": 1000,
        }
        if address.is_secure:
            credentials = grpc.ssl_channel_credentials(trusted and trusted.encode())
            self._channel = grpc.secure_channel(address.authority, credentials, [*options.items()])
        else:
            self._channel = grpc.insecure_channel(address.authority, [*options.items()])
        self._predictions = protos("apis.prediction_service_pb2_grpc").PredictionServiceStub(self._channel)
        self._models = protos("apis.model_service_pb2_grpc").ModelServiceStub(self._channel)

    def predict(self, signature: str, inputs: Mapping[str, Sequence[bytes] | np.ndarray]) -> dict[str, np.ndarray]:
        """One attempt at one prediction; as `RestTransport.predict`."""
        request = self._predict_pb2.PredictRequest()
        self._specify(request.model_spec).signature_name = signature
        for name, value in inputs.items():
            array = value if isinstance(value, np.ndarray) else np.array(value, object)
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        reply = self._call(self._predictions.Predict, request)
        return {name: self._array(name, tensor) for name, tensor in reply.outputs.items()}

    def signatures(self) -> dict[str, Any]:
        """The model's signatures, as JSON would have them."""
        from google.protobuf.json_format import MessageToDict

        module = protos("apis.get_model_metadata_pb2")
        request = module.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._specify(request.model_spec)
        packed = self._call(self._predictions.GetModelMetadata, request).metadata["signature_def"]
        found = module.SignatureDefMap()
        if not packed.Unpack(found):
            raise BadReply(f"{self._address}: its metadata holds no signatures")
        return MessageToDict(found, preserving_proto_field_name=True).get("signature_def", {})

    def versions(self) -> dict[int, str]:
        """The state of each of the model's versions, such as {1: "AVAILABLE"}."""
        module = protos("apis.get_model_status_pb2")
        request = module.GetModelStatusRequest()
        self._specify(request.model_spec)
        reply = self._call(self._models.GetModelStatus, request)
        names = {value: name for name, value in module.ModelVersionStatus.State.items()}
        return {status.version: names.get(status.state, str(status.state)) for status in reply.model_version_status}

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def _specify(self, spec: Any) -> Any:
        spec.name = self._address.model
        if self._address.version is not None:
            spec.version.value = self._address.version
        elif self._address.label is not None:
            spec.version_label = self._address.label
        return spec

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            code, details = error.code(), error.details() or ""
            if found := _NOT_TRUSTED.search(details):
                raise Failed(not_trusted(str(self._address), found[1] or "no reason given")) from None
            kind = _ERRORS.get(code, Failed)
            if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in details:
                kind, details = BadReply, f"the answer is longer than {self._reply_bytes:,} bytes ({details})"
            raise kind(f"{self._address}: {code.name}: {printable(details) or 'no reason given'}") from None
        except ValueError as error:  # the channel was closed, or the answer cannot be parsed
            raise Failed(f"{self._address}: {printable(str(error))}") from None

    def _array(self, name: str, tensor: Any) -> np.ndarray:
        """A tensor's values. Its shape is the server's word: checked before anything of that size is made."""
        sizes = [dimension.size for dimension in tensor.tensor_shape.dim]
        try:
            if min(sizes, default=0) < 0 or math.prod(sizes) > tensor.ByteSize():  # a value takes a byte or more
                raise ValueError
            return tf.make_ndarray(tensor)
        except (ValueError, TypeError):
            raise BadReply(f"{self._address}: the output {name} is not an array of numbers or strings") from None
