"""Behind both of the loopback server's ends: a folder of SavedModel versions, asked by name and signature."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2


class Failure(Exception):
    """An error with the name of its gRPC status."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Models:
    """The versions of one model, as TensorFlow Serving finds them.

    Args:
        folder: holds a SavedModel per version: 1/, 2/ and so on.
        name: the model's.
        labels: {label: version}.
        batch: a function that calls a signature: `call` of this module, or a `Batcher`.
        before: called before every prediction; what it raises is answered.
    """

    def __init__(self, folder, name="wsfcn", labels=(), batch=None, before=lambda: None):
        versions = sorted(int(path.name) for path in Path(folder).iterdir() if path.name.isdigit())
        self._loaded = {version: tf.saved_model.load(str(Path(folder) / str(version))) for version in versions}
        self._definitions = {version: _signatures(Path(folder) / str(version)) for version in versions}
        self._name, self._labels = name, dict(labels)
        self._batch, self._before = batch or call, before

    def predict(self, spec, signature, inputs):
        """Outputs of a request; `spec` is (name, version or None, label or None), inputs and outputs are arrays."""
        self._before()
        expected = self.inputs(spec, signature)
        if inputs.keys() != expected.keys():
            raise Failure("INVALID_ARGUMENT", f"input size does not match signature: {sorted(inputs)}")
        return self._batch(self._function(spec, signature), inputs)

    def inputs(self, spec, signature):
        """{name: TensorSpec} of a signature."""
        return self._function(spec, signature).structured_input_signature[1]

    def definitions(self, spec):
        """{name: SignatureDef} of a version."""
        return self._definitions[self.version(*spec)]

    def versions(self, spec):
        """The versions that a status is asked of."""
        name, version, label = spec
        return list(self._loaded) if name == self._name and version is label is None else [self.version(*spec)]

    def _function(self, spec, signature):
        functions = self._loaded[self.version(*spec)].signatures
        if (signature or "serving_default") not in functions:
            raise Failure("INVALID_ARGUMENT", f'Serving signature name: "{signature}" not found in signature def')
        return functions[signature or "serving_default"]

    def version(self, name, version=None, label=None):
        """The version that a request is for."""
        if name == self._name and label is not None:
            if label not in self._labels:
                raise Failure("INVALID_ARGUMENT", f"Unrecognized servable version label: {label}")
            version = self._labels[label]
        if name != self._name or (version is not None and version not in self._loaded):
            wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise Failure("NOT_FOUND", f"Servable not found for request: {wanted}")
        return max(self._loaded) if version is None else version


def call(function, inputs):
    """Runs a signature."""
    try:
        outputs = function(**{name: tf.constant(value) for name, value in inputs.items()})
    except tf.errors.OpError as error:
        raise Failure(_code(error), error.message) from None
    except (TypeError, ValueError) as error:  # the signature's own check of dtypes and shapes
        raise Failure("INVALID_ARGUMENT", str(error)) from None
    return {name: np.asarray(value.numpy()) for name, value in outputs.items()}


def _code(error):
    return {3: "INVALID_ARGUMENT", 8: "RESOURCE_EXHAUSTED", 14: "UNAVAILABLE"}.get(error.error_code, "INTERNAL")


def _signatures(folder):
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    definitions = saved.meta_graphs[0].signature_def
    return {name: definitions[name] for name in definitions if not name.startswith("__")}
