"""The image and the sampling of `efficientnet_lite.npz`, which `benchmarks/efficientnet_lite.py` writes."""

from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".npz")
SIDES = {0: 224, 2: 260}  # version: the side that its padding in the PyTorch package is built for


def image(side: int) -> np.ndarray:
    """float32 [1, side, side, 3] in [0, 1]: smooth colours, so that the features are those of a picture, and noise."""
    rng = np.random.default_rng(side)
    y, x = np.mgrid[:side, :side][..., None] / side
    waves = np.sin(2 * np.pi * (rng.uniform(1, 6, 3) * x + rng.uniform(1, 6, 3) * y + rng.uniform(0, 1, 3)))
    return np.clip(0.5 + 0.35 * waves + rng.normal(0, 0.1, waves.shape), 0, 1).astype(np.float32)[None]


def sampled(features: np.ndarray) -> np.ndarray:
    """A few thousand of the numbers: every 3rd row and column, and 32 of the channels (all, if there are fewer)."""
    return features[:, ::3, ::3, :: max(1, features.shape[-1] // 32)]
