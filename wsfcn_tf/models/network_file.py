"""A network's weights file: its own variables and nothing else.

Keras' methods do the same for a model that is not compiled. Of one that is, `save_weights` adds the optimiser's
variables, which doubles the file, and `load_weights` warns where a file has none. Checkpoints keep these apart.

Keras 3 reads what Keras 2 wrote of a network, but for an `Ensemble`; Keras 2 reads nothing that Keras 3 wrote, which
names the parts otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import keras


class OtherGeneration(ValueError):
    """A file that the other generation of Keras wrote and this one cannot read."""


def save_network(model: keras.Model, path: str | Path) -> None:
    """Writes a `.weights.h5` file of the model's variables, compiled or not."""
    with _without_optimizer(model):
        model.save_weights(path)


def load_network(model: keras.Model, path: str | Path) -> None:
    """Reads such a file, or one with an optimiser's variables, whose own it leaves as they are.

    Raises:
        OtherGeneration: see above.
        OSError, ValueError, KeyError: as Keras does.
    """
    try:
        with _without_optimizer(model):
            model.load_weights(path)
    except (ValueError, KeyError) as error:
        theirs, ours = _generation_of(path), keras.__version__
        if ours.startswith(theirs) or (theirs == "2" and not hasattr(model, "network_0")):
            raise
        told = f"it was written by Keras {theirs}, this is Keras {ours}: use it where Keras {theirs} is"
        raise OtherGeneration(told) from error


def _generation_of(path: str | Path) -> str:
    """Which generation of Keras wrote a file, "2" or "3": only the latter names layers in it."""
    with h5py.File(path) as file:
        return "3" if "name" in getattr(file.get("vars"), "attrs", ()) else "2"


@contextmanager
def _without_optimizer(model: keras.Model) -> Iterator[None]:
    """Within, the model looks as if it was never compiled to what walks through its attributes."""
    optimizer = getattr(model, "optimizer", None)
    vars(model)["optimizer"] = None  # set as an attribute, Keras would track the optimiser as a part of the model
    try:
        yield
    finally:
        vars(model)["optimizer"] = optimizer
