"""TensorFlow Serving's REST API, version 1, as a client needs it. Without TensorFlow."""

import base64
import binascii
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import parse_json
from wsfcn_tf.serving.client.address import Address
from wsfcn_tf.serving.client.errors import BadReply, Failed, Refused, ServingError, TimedOut, Unavailable, printable
from wsfcn_tf.serving.client.http_pool import HttpPool, Reply
from wsfcn_tf.serving.client.limits import Timeouts

_ERRORS: dict[int, type[ServingError]] = {
    **dict.fromkeys((400, 413, 422), Refused),
    **dict.fromkeys((502, 503), Unavailable),
    **dict.fromkeys((408, 504), TimedOut),
}


class RestTransport:
    """Requests to a served model's signatures, and what it says of itself. Thread-safe.

    Args:
        address: of the model.
        timeouts: of each attempt.
        reply_bytes: the longest answer that is taken.
        trusted: as `HttpPool`.
    """

    def __init__(self, address: Address, timeouts: Timeouts, reply_bytes: int, trusted: str | None = None) -> None:
        self._address = address
        self._pool = HttpPool(address, timeouts, reply_bytes, trusted)

    def predict(self, signature: str, inputs: Mapping[str, Sequence[bytes] | np.ndarray]) -> dict[str, np.ndarray]:
        """One attempt at one prediction, in column form.

        Args:
            signature: such as "serving_default".
            inputs: for each input either files' contents or numbers.

        Returns:
            For each output an array: of numbers, or of bytes (dtype object).

        Raises:
            ServingError: of the kind that says what went wrong.
        """
        columns = {name: _to_json(value) for name, value in inputs.items()}
        body = json.dumps({"signature_name": signature, "inputs": columns}, separators=(",", ":")).encode()
        outputs = self._value(self._pool.request("POST", f"{self._address.path}:predict", body), "outputs")
        return {name: self._array(name, value) for name, value in outputs.items()}

    def signatures(self) -> dict[str, Any]:
        """The model's signatures, as its metadata has them: {name: {"inputs": ..., "outputs": ..., ...}}."""
        metadata = self._value(self._pool.request("GET", f"{self._address.path}/metadata"), "metadata")
        for key in ("signature_def", "signature_def"):  # a message of one field, within a map's entry
            metadata = metadata.get(key) if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict):
            raise BadReply(f"{self._address}: its metadata holds no signatures")
        return metadata

    def versions(self) -> dict[int, str]:
        """The state of each of the model's versions, such as {1: "AVAILABLE"}."""
        reply = self._json(self._pool.request("GET", self._address.path))
        try:
            return {int(status["version"]): str(status["state"]) for status in reply["model_version_status"]}
        except (KeyError, TypeError, ValueError):
            raise BadReply(f"{self._address}: does not say which versions it serves") from None

    def close(self) -> None:
        """Closes the connections."""
        self._pool.close()

    def _value(self, reply: Reply, key: str) -> dict[str, Any]:
        value = self._json(reply)
        if not isinstance(value, dict) or not isinstance(value.get(key), dict):
            raise BadReply(f'{self._address}: the answer holds no "{key}"')
        return value[key]

    def _json(self, reply: Reply) -> Any:
        if reply.status != 200:
            raise _ERRORS.get(reply.status, Failed)(f"{self._address}: {reply.status}: {_error_of(reply.body)}")
        try:
            return parse_json(reply.body.decode(), str(self._address))
        except UnicodeDecodeError:
            raise BadReply(f"{self._address}: the answer is not text") from None
        except UserError as error:
            raise BadReply(str(error)) from None

    def _array(self, name: str, value: Any) -> np.ndarray:
        try:
            return _strings(name, value) if _holds_strings(value) else _numbers(value)
        except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
            raise BadReply(f"{self._address}: the output {name} is not an array of numbers or strings") from None


def _to_json(value: Sequence[bytes] | np.ndarray) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode("ascii")} for item in value]


def _holds_strings(value: Any) -> bool:
    while isinstance(value, list) and value:
        value = value[0]
    return isinstance(value, str | dict)


def _strings(name: str, value: Any) -> np.ndarray:
    """Outputs whose names end in _bytes come as {"b64": ...}, others as text."""
    if isinstance(value, list):
        items = [_strings(name, item) for item in value]
        return np.array([item.tolist() for item in items], object)
    data = base64.b64decode(value["b64"], validate=True) if name.endswith("_bytes") else value.encode()
    return np.array(data, object)


def _numbers(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise ValueError
    return array


def _error_of(body: bytes) -> str:
    """The server's own words: TensorFlow Serving's {"error": ...}, or what a proxy says; one printable line."""
    text = body[:4096].decode(errors="replace")
    with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
        text = str(json.loads(text)["error"])
    return printable(text) or "no reason given"
