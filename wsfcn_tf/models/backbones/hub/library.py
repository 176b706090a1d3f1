"""KerasHub itself, where it can be had."""

from types import ModuleType

import keras

from wsfcn_tf.errors import UserError, first_line


def keras_hub() -> ModuleType:
    """The package; imported here and not before, for it takes seconds.

    Raises:
        UserError: this is Keras 2, or it is not installed.
    """
    if keras.__version__.startswith("2."):
        raise UserError(
            f"model.backbone keras_hub needs Keras 3, and this is {keras.__version__}: use an environment of "
            "requirements-keras3.txt and requirements-keras-hub.txt"
        )
    try:
        import keras_hub
    except ImportError as error:
        raise UserError(
            f"model.backbone keras_hub needs KerasHub ({first_line(error)}): pip install -r "
            "requirements-keras-hub.txt, with Python 3.11 or newer"
        ) from error
    return keras_hub
