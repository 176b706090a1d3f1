"""TensorFlow Serving's REST API (v1: predict, metadata, status) over a `Models`, on a free port of this machine."""

import base64
import json
import re
import ssl
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from google.protobuf.json_format import MessageToDict
from loopback.model import Failure

STATUS = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "RESOURCE_EXHAUSTED": 429, "UNAVAILABLE": 503, "INTERNAL": 500}
PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?(:predict|/metadata)?")


@contextmanager
def serve_rest(models, tls=None):
    """Yields http://HOST:PORT while the server runs; https:// with a trustme.LeafCert."""
    handler = type("Handler", (_Handler,), {"models": models})
    server = _Server(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.configure_cert(context)
        # the handshake is left to the connection's own thread
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Says nothing of clients that hang up: those that do not trust the certificate do."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    models = None
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self._answer(lambda spec, verb: self._metadata(spec) if verb == "/metadata" else self._status(spec))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(lambda spec, verb: self._predict(spec, body))

    def log_message(self, *arguments):
        pass

    def _answer(self, work):
        try:
            found = PATH.fullmatch(self.path)
            if found is None or (found[4] == ":predict") != (self.command == "POST"):
                raise Failure("INVALID_ARGUMENT", f"Malformed request: {self.command} {self.path}")
            status, value = 200, work((found[1], found[2] and int(found[2]), found[3]), found[4])
        except Failure as error:
            status, value = STATUS[error.code], {"error": str(error)}
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _predict(self, spec, body):
        try:
            request = json.loads(body)
            signature = request.get("signature_name", "")
            specs = self.models.inputs(spec, signature)
            if ("instances" in request) == ("inputs" in request):
                raise Failure("INVALID_ARGUMENT", 'JSON Value: one of "instances" and "inputs" is needed')
            inputs = _tensors(_columns(request, specs), specs)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Failure("INVALID_ARGUMENT", f"JSON Parse error: {error}") from None
        outputs = self.models.predict(spec, signature, inputs)
        columns = {name: _to_json(name, value) for name, value in outputs.items()}
        if "inputs" in request:
            return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}
        if len({len(value) for value in outputs.values()}) > 1:
            raise Failure("INVALID_ARGUMENT", "Tensor has inconsistent batch size; use the columnar format")
        rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
        return {"predictions": rows if len(columns) > 1 else [next(iter(row.values())) for row in rows]}

    def _metadata(self, spec):
        version = self.models.version(*spec)
        definitions = {name: MessageToDict(value, True) for name, value in self.models.definitions(spec).items()}
        return {
            "model_spec": {"name": spec[0], "signature_name": "", "version": str(version)},
            "metadata": {"signature_def": {"signature_def": definitions}},
        }

    def _status(self, spec):
        status = {"error_code": "OK", "error_message": ""}
        versions = self.models.versions(spec)
        return {"model_version_status": [{"version": str(v), "state": "AVAILABLE", "status": status} for v in versions]}


def _columns(request, specs):
    """{input: nested list} of either form."""
    values = request["inputs"] if "inputs" in request else request["instances"]
    if "inputs" in request:
        return values if isinstance(values, dict) else {next(iter(specs)): values}
    rows = [row if isinstance(row, dict) and "b64" not in row else {next(iter(specs)): row} for row in values]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _tensors(columns, specs):
    return {name: _tensor(value, specs[name].dtype.as_numpy_dtype) for name, value in columns.items()}


def _tensor(value, dtype):
    if dtype is not object:
        return np.array(value, dtype)
    return np.array([base64.b64decode(v["b64"]) if isinstance(v, dict) else v.encode() for v in value], object)


def _to_json(name, array):
    if array.dtype != object:
        return array.tolist()
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(item).decode()} for item in array]
    return [item.decode() for item in array]
