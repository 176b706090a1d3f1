"""Reading the golden vectors, and drawing the weights that they were made with (see README.md)."""

import json
import zlib
from pathlib import Path

import numpy as np

SEED = 7
_FOLDER = Path(__file__).parent


def load(name: str) -> dict[str, np.ndarray]:
    """The arrays of `name`.npz; those with four axes are turned from NCHW to NHWC."""
    with np.load(_FOLDER / f"{name}.npz") as arrays:
        return {key: _nhwc(arrays[key]) for key in arrays.files}


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    """The release's state dict of `name`: {tensor name: shape}, kernels OIHW."""
    entries = json.loads((_FOLDER / f"{name}_state_dict.json").read_text())
    return {key: tuple(shape) for key, shape in entries}


def state_dict(name: str, prefix: str = "") -> dict[str, np.ndarray]:
    """The weights of `name`; `prefix` goes before the name that a tensor is drawn from."""
    return {key: draw(prefix + key, shape) for key, shape in shapes(name).items()}


def draw(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """One tensor of a state dict: float32, a function of its name."""
    rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    if name.endswith("running_var"):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    normal = rng.standard_normal(shape).astype(np.float32)
    if len(shape) == 4:
        gain = 10 if name == "last_conv.8.weight" else 1
        return normal * np.float32(gain * np.sqrt(1 / np.prod(shape[1:])))
    if name == "last_conv.8.bias":
        return np.float32(0.1) * normal - 9
    if name.endswith((".bias", ".running_mean")):
        return np.float32(0.1) * normal
    return 1 + np.float32(0.1) * normal


def gate_keep(shape: tuple[int, int, int, int]) -> np.ndarray:
    """The gate's draw in the golden training step: bool [B, H, W, C], True = deep."""
    batch, height, width, channels = shape
    rng = np.random.default_rng([SEED, zlib.crc32(b"gate")])
    return _nhwc(rng.random((batch, channels, height, width)) < 0.7)


def assert_close(actual: np.ndarray, expected: np.ndarray, tolerance: float = 1e-4) -> None:
    """Equal within `tolerance` of the expected values' scale, and of the same shape."""
    actual = np.asarray(actual)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def _nhwc(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if array.ndim == 4 else array
