"""Masks as run lengths, in the three ways that tools pack them; `data/masks/run_lengths.py` reads them."""

from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

_SIZES = (3, 4, 8, 16)  # bits, of which Label Studio's packing chooses one for each run


def coco_runs(mask: np.ndarray) -> dict[str, Any]:
    """COCO's: down the columns, in its string form. `mask` is bool [H, W]."""
    runs = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return {"size": [int(side) for side in mask.shape], "counts": runs["counts"].decode("ascii")}


def row_runs(mask: np.ndarray) -> list[int]:
    """CVAT's: along the rows of a mask, bool [h, w], beginning with how many pixels are not part of it."""
    flat = np.concatenate([[False], mask.ravel(), [~mask.ravel()[-1]]])
    return np.diff(np.flatnonzero(np.diff(flat)), prepend=0).tolist()


def brush_runs(mask: np.ndarray) -> list[int]:
    """Label Studio's: the bytes of thi.ng's `rle-pack` for an RGBA image, 255 or 0 in all four channels.

    A header (32 bits: how many values; 5: a value's bits less 1; four times 4: the sizes' bits less 1), then for each
    run a bit 1, two that choose a size, the run's length less 1 in so many bits, and the value.

    Args:
        mask: bool [H, W].
    """
    bits = [f"{4 * mask.size:032b}", f"{8 - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for number, pixels in enumerate(row_runs(mask)):
        value, left = ("11111111" if number % 2 else "00000000"), 4 * pixels
        while left:
            run = min(left, 1 << _SIZES[-1])
            choice = next(i for i, size in enumerate(_SIZES) if run <= 1 << size)
            bits.append(f"1{choice:02b}{run - 1:0{_SIZES[choice]}b}{value}")
            left -= run
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))
