"""TensorFlow Serving's own message classes, from the package tensorflow-serving-api, which only some of this needs."""

from importlib import import_module
from types import ModuleType

from wsfcn_tf.errors import UserError


def protos(name: str) -> ModuleType:
    """A module of the package, such as "apis.predict_pb2". Importing one imports TensorFlow.

    Raises:
        UserError: the package is not installed.
    """
    try:
        return import_module(f"tensorflow_serving.{name}")
    except ModuleNotFoundError:
        raise UserError(
            "gRPC and warm-up records need the package tensorflow-serving-api: pip install -r requirements-serving.txt"
        ) from None
