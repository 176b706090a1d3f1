"""Photos for data folders that tests build."""

from pathlib import Path

import numpy as np
from PIL import Image


def save_photo(path: Path, seed: int = 0, size: tuple[int, int] = (20, 24), **options: object) -> None:
    """A photo of noise, uint8 [*size,3], saved with Pillow's options."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, **options)
