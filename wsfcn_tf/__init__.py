"""WS-FCN for TensorFlow/Keras: photos and the names of what is in them in, a label for every pixel out.

The public names are loaded on first use, so that `python -m wsfcn_tf --help` and configuration errors do not wait
for TensorFlow.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "ModelConfig": "wsfcn_tf.config",
    "Segmenter": "wsfcn_tf.segmenter.segmenter",
    "build_model": "wsfcn_tf.models",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'wsfcn_tf' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
