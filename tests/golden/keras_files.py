"""Weights files as each generation of Keras writes them: names and shapes are kept, values are drawn from the names.

    PYTHONPATH=.:tests python -m golden.keras_files

adds what the Keras at hand writes of `network()`, and what the network then says of `image()`.
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


def network(patch: pytest.MonkeyPatch) -> Network:
    """Two networks in one: a model of models, whose parts lie in lists and in one another."""
    with_few_weights(patch)
    return shallow_network(decoder_width=8, networks=2)


def image() -> np.ndarray:
    """float32 [1, 32, 48, 3]."""
    return np.random.default_rng(0).standard_normal((1, 32, 48, 3)).astype(np.float32)


def write(path: Path, generation: str) -> None:
    """A file of `network()` as Keras "2" or "3" has them."""
    with h5py.File(path, "w") as file:
        for name, shape in json.loads(_SHAPES.read_text())[generation].items():
            if shape is None:  # of a layer without weights
                file.require_group(name)
            else:
                file[name] = _drawn(name, shape)
        if generation == "3":
            file.require_group("vars").attrs["name"] = "ensemble"


def outputs(generation: str) -> dict[str, np.ndarray]:
    """What that Keras' own network said of `image()`, its weights read from that file by Keras."""
    with np.load(_OUTPUTS) as found:
        return {name.removeprefix(f"{generation}_"): found[name] for name in found if name.startswith(generation)}


def _drawn(name: str, shape: list[int]) -> np.ndarray:
    """Kernels around 0; what is one-dimensional, variances among it, around 1."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    spread = np.prod(shape[:-1]) ** -0.5 if len(shape) == 4 else 0.2
    return (float(len(shape) == 1) + spread * rng.uniform(-1, 1, shape)).astype(np.float32)


def _main() -> None:
    patch, generation, path = pytest.MonkeyPatch(), keras.__version__[0], Path("keras_file.weights.h5")
    model = network(patch)
    model.save_weights(path)
    shapes = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: shapes.update({name: getattr(item, "shape", None)}))
    shapes = {name: shape for name, shape in shapes.items() if shape is not None or name.endswith("vars")}
    all_shapes = json.loads(_SHAPES.read_text()) if _SHAPES.exists() else {}
    _SHAPES.write_text(json.dumps(all_shapes | {generation: shapes}).replace(', "', ',\n"') + "\n")
    write(path, generation)
    model.load_weights(path)
    said = {f"{generation}_{name}": np.asarray(value) for name, value in model(image(), training=False).items()}
    before = dict(np.load(_OUTPUTS)) if _OUTPUTS.exists() else {}
    np.savez_compressed(_OUTPUTS, **(before | said))
    path.unlink()


if __name__ == "__main__":
    _main()
