"""TensorFlow Serving's own message classes, from the package tensorflow-serving-api, which only some of this needs."""

from importlib import import_module
from importlib.metadata import version
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
        minor = ".".join(version("tensorflow").split(".")[:2])  # another would bring another TensorFlow along
        raise UserError(
            "gRPC and warm-up records need the package tensorflow-serving-api: "
            f'pip install "tensorflow-serving-api~={minor}.0"'
        ) from None
