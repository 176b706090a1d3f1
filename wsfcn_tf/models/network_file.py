"""A network's weights file: its own variables and nothing else, readable on both generations of Keras.

Keras' methods do the same for a model that is not compiled. Of one that is, `save_weights` adds the optimiser's
variables, which doubles the file, and `load_weights` warns where a file has none. Checkpoints keep these apart.

Both generations name a layer in a file after the attributes that lead to it, but look through them in another order.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import keras
import numpy as np


def save_network(model: keras.Model, path: str | Path) -> None:
    """Writes a `.weights.h5` file of the model's variables, compiled or not."""
    with _without_optimizer(model):
        model.save_weights(path)


def load_network(model: keras.Model, path: str | Path) -> None:
    """Reads such a file, or one with an optimiser's variables, whose own it leaves as they are.

    Args:
        model: of the architecture that the file is of.
        path: a file that Keras 2 or 3 wrote, whichever this is.

    Raises:
        OSError, ValueError, KeyError: not such a file, or a part is missing in it or of another shape. Parts that only
            the file has are not looked at.
    """
    generation = generation_of(path)
    if generation == keras.__version__[0]:
        with _without_optimizer(model):
            model.load_weights(path)
        return
    found, largest = 0, max(np.prod(weight.shape, dtype=np.int64) for weight in model.weights)
    with h5py.File(path) as file:
        for name, layer in _layers_as_saved(model, "", generation, set()):
            own = file.get(f"{name}/vars", {})
            layer.load_own_variables({number: _array(file, own[number], largest) for number in own})
            found += len(own)
    if found != len(model.weights):
        raise ValueError(f"{len(model.weights)} weights were looked for, {found} found")


def _array(file: h5py.File, item: h5py.Dataset, largest: int) -> np.ndarray:
    """An array that the file itself holds: files may come from anywhere, and name others or claim any size."""
    if not isinstance(item, h5py.Dataset) or item.file != file or item.is_virtual or item.external:
        raise ValueError(f"{item.name} is not an array of the file itself")
    if item.size > largest:
        raise ValueError(f"{item.name} has shape {item.shape}, more than any weight of the network")
    return item[()]


def generation_of(path: str | Path) -> str:
    """Which generation of Keras wrote a file, "2" or "3": only the latter names layers in it."""
    with h5py.File(path) as file:
        return "3" if "name" in getattr(file.get("vars"), "attrs", ()) else "2"


def _layers_as_saved(
    layer: keras.layers.Layer, path: str, generation: str, seen: set[int]
) -> Iterator[tuple[str, keras.layers.Layer]]:
    """A layer and all within it, each with its path in a file: the first one that leads there."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    for attribute, value in _attributes(layer, generation):
        if isinstance(value, keras.layers.Layer):
            yield from _layers_as_saved(value, f"{path}/{attribute}", generation, seen)
        elif isinstance(value, list | tuple):
            numbers: Counter[str] = Counter()
            for item in value:
                if not isinstance(item, keras.layers.Layer) or (generation == "2" and id(item) in seen):
                    continue
                kind = _in_snake_case(type(item))
                name = f"{kind}_{numbers[kind]}" if numbers[kind] else kind
                numbers[kind] += 1
                yield from _layers_as_saved(item, f"{path}/{attribute}/{name}", generation, seen)


def _attributes(layer: keras.layers.Layer, generation: str) -> list[tuple[str, object]]:
    """What a layer has, from the last name to the first as Keras 2 looks through it, or the other way round."""
    found = {name: value for name, value in vars(layer).items() if not name.startswith("_")}
    if isinstance(layer, keras.Model):
        found["layers"] = layer.layers
    return sorted(found.items(), key=lambda item: item[0], reverse=generation == "2")


def _in_snake_case(kind: type) -> str:
    """A class's name as both generations write it."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind.__name__)).lower()


@contextmanager
def _without_optimizer(model: keras.Model) -> Iterator[None]:
    """Within, the model looks as if it was never compiled to what walks through its attributes."""
    optimizer = getattr(model, "optimizer", None)
    vars(model)["optimizer"] = None  # set as an attribute, Keras would track the optimiser as a part of the model
    try:
        yield
    finally:
        vars(model)["optimizer"] = optimizer
