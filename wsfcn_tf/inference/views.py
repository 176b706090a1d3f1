"""Looking at a photo in another size and in overlapping tiles, for the views of `InferenceConfig` (release)."""

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image


def scaled(image: np.ndarray, scale: float) -> np.ndarray:
    """The photo at another size, by Pillow's antialiased bicubic, as in training.

    Args:
        image: uint8 [H, W, 3].
        scale: the new sides over the old ones.

    Returns:
        uint8 [max(1, round(H scale)), max(1, round(W scale)), 3]; the photo itself at scale 1.
    """
    if scale == 1:
        return image
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


class Tiling:
    """Tiles of one size that cover a view and overlap, and how to join what was computed on them.

    Joining weighs each tile down towards its edges, where it misses what lies beyond. Within a quarter of `overlap` of
    such an edge a tile does not count at all: values that depend on no pixel further away than that are the same as
    without tiles.

    Args:
        height, width: of the view.
        side: the largest side of a tile; None makes the view one tile.
        overlap: how many pixels neighbours share at least; below `side`.
    """

    def __init__(self, height: int, width: int, side: int | None, overlap: int) -> None:
        self.shape = (height, width)
        self._tile = (height, width) if side is None else (min(height, side), min(width, side))
        self._starts = [starts(length, tile, overlap) for length, tile in zip(self.shape, self._tile, strict=True)]
        self._rows, self._columns = (
            _weights(at, tile, overlap) for at, tile in zip(self._starts, self._tile, strict=True)
        )

    def __len__(self) -> int:
        return len(self._starts[0]) * len(self._starts[1])

    def slices(self) -> Iterator[tuple[slice, slice]]:
        """Where the tiles lie, row by row."""
        height, width = self._tile
        for top in self._starts[0]:
            for left in self._starts[1]:
                yield slice(top, top + height), slice(left, left + width)

    def join(self, values: Iterator[np.ndarray]) -> np.ndarray:
        """Joins float32 [h, w, K] of every tile, in the order of `slices`, into [H, W, K].

        A view of one tile keeps its values.
        """
        joined = None
        for index, (value, where) in enumerate(zip(values, self.slices(), strict=True)):
            if len(self) == 1:
                return value
            if joined is None:
                joined = np.zeros((*self.shape, value.shape[-1]), np.float32)
            row, column = divmod(index, len(self._starts[1]))
            joined[where] += value * (self._rows[row][:, None, None] * self._columns[column][None, :, None])
        return joined


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin that cover `length` pixels: as few as will do, evenly spread, sharing at least `overlap`."""
    if length <= tile:
        return [0]
    count = 1 + math.ceil((length - tile) / (tile - overlap))
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def _weights(at: list[int], tile: int, overlap: int) -> list[np.ndarray]:
    """What each tile counts along one axis, float32 [tile]; in every pixel, those of all tiles sum to 1."""
    # 0 in the outer quarter of the overlap, 1 in the inner one, linear between
    ramp = np.clip(2 * (np.arange(tile) + 0.5) / max(overlap, 1) - 0.5, 0, 1)
    total, weights = np.zeros(at[-1] + tile), []
    for start in at:
        weight = np.ones(tile)
        if start > 0:
            weight *= ramp
        if start < at[-1]:
            weight *= ramp[::-1]
        total[start : start + tile] += weight
        weights.append(weight)
    return [(w / total[start : start + tile]).astype(np.float32) for w, start in zip(weights, at, strict=True)]
