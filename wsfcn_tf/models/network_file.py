"""A network's weights file: its own variables and nothing else.

Keras' methods do the same for a model that is not compiled. Of one that is, `save_weights` adds the optimiser's
variables, which doubles the file, and `load_weights` warns where a file has none. Checkpoints keep these apart.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras


def save_network(model: keras.Model, path: str | Path) -> None:
    """Writes a `.weights.h5` file of the model's variables, compiled or not."""
    with _without_optimizer(model):
        model.save_weights(path)


def load_network(model: keras.Model, path: str | Path) -> None:
    """Reads such a file, or one with an optimiser's variables, whose own it leaves as they are.

    Raises:
        OSError, ValueError, KeyError: as Keras does.
    """
    with _without_optimizer(model):
        model.load_weights(path)


@contextmanager
def _without_optimizer(model: keras.Model) -> Iterator[None]:
    """Within, the model looks as if it was never compiled to what walks through its attributes."""
    optimizer = getattr(model, "optimizer", None)
    vars(model)["optimizer"] = None  # set as an attribute, Keras would track the optimiser as a part of the model
    try:
        yield
    finally:
        vars(model)["optimizer"] = optimizer
