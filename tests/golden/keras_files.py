"""Weights files as each generation of Keras writes them: names and shapes are kept, values are drawn from the names.

    PYTHONPATH=.:tests python -m golden.keras_files

adds what the Keras at hand writes of `network`, and what the network then says of `image()`.
"""

import json
import zlib
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from networks import shallow_network, with_few_weights

from wsfcn_tf.models import Network

_SHAPES, _OUTPUTS = Path(__file__).with_suffix(".json"), Path(__file__).with_suffix(".npz")


def network(patch: pytest.MonkeyPatch, networks: int) -> Network:
    """One network, or a model of models; their parts lie in lists and in one another."""
    with_few_weights(patch)
    return shallow_network(decoder_width=8, networks=networks)


def image() -> np.ndarray:
    """float32 [1, 32, 48, 3]."""
    return np.random.default_rng(0).standard_normal((1, 32, 48, 3)).astype(np.float32)


def write(path: Path, generation: str, networks: int) -> None:
    """A file of `network` as Keras "2" or "3" has them."""
    with h5py.File(path, "w") as file:
        for name, shape in json.loads(_SHAPES.read_text())[f"{generation}-{networks}"].items():
            if shape is None:  # of a layer without weights
                file.require_group(name)
            else:
                file[name] = _drawn(name, shape)
        if generation == "3":
            file.require_group("vars").attrs["name"] = "wsfcn"


def outputs(generation: str, networks: int) -> dict[str, np.ndarray]:
    """What that Keras' own network said of `image()`, its weights read from that file by Keras."""
    prefix = f"{generation}-{networks}_"
    with np.load(_OUTPUTS) as found:
        return {name.removeprefix(prefix): found[name] for name in found if name.startswith(prefix)}


def _drawn(name: str, shape: list[int]) -> np.ndarray:
    """Kernels around 0; what is one-dimensional, variances among it, around 1."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    spread = np.prod(shape[:-1]) ** -0.5 if len(shape) == 4 else 0.2
    return (float(len(shape) == 1) + spread * rng.uniform(-1, 1, shape)).astype(np.float32)


def _main(networks: int) -> None:
    patch, generation, path = pytest.MonkeyPatch(), keras.__version__[0], Path("keras_file.weights.h5")
    key, model = f"{generation}-{networks}", network(patch, networks)
    model.save_weights(path)
    shapes = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: shapes.update({name: getattr(item, "shape", None)}))
    shapes = {name: shape for name, shape in shapes.items() if shape is not None or name.endswith("vars")}
    all_shapes = json.loads(_SHAPES.read_text()) if _SHAPES.exists() else {}
    _SHAPES.write_text(json.dumps(all_shapes | {key: shapes}).replace(', "', ',\n"') + "\n")
    write(path, generation, networks)
    model.load_weights(path)
    said = {f"{key}_{name}": np.asarray(value) for name, value in model(image(), training=False).items()}
    before = dict(np.load(_OUTPUTS)) if _OUTPUTS.exists() else {}
    np.savez_compressed(_OUTPUTS, **(before | said))
    path.unlink()
    patch.undo()


if __name__ == "__main__":
    _main(1)
    _main(2)
