"""Looking at a photo in another size and in overlapping tiles, for the views of `InferenceConfig` (release)."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image

from wsfcn_tf.config import DataConfig, InferenceConfig
from wsfcn_tf.inference.prediction import Prediction

_LARGE, _SMALL = 2, 1 / 3  # times what training showed: masks are a third worse (benchmarks/photo_size.md)
_RATIO = 1.5  # of a photo's sides
_ADVISED = 1.17  # times what training showed: up to there photos are better looked at as they are


class SizeWatch:
    """Tells once of a photo that is looked at much larger, or smaller, than training showed any.

    Args:
        data: how training showed photos: in crops of `crop_size` pixels that hold `crop_area` of them.
        inference: how photos are looked at: `photo_side` and `scales`.
        tell: gets the line.
    """

    def __init__(self, data: DataConfig, inference: InferenceConfig, tell: Callable[[str], None]) -> None:
        self._shown = data.crop_size / math.sqrt(sum(data.crop_area) / 2) * math.sqrt(_RATIO)  # of the longer side
        self._inference, self._tell = inference, tell

    def see(self, name: str, image: np.ndarray) -> None:
        """Looks at the size of a photo, uint8 [H, W, 3]."""
        if self._tell is None:
            return
        height, width = image.shape[:2]
        ratio = looking_scale((height, width), self._inference.photo_side) * max(height, width) / self._shown
        if ratio * min(self._inference.scales) > _LARGE or ratio * max(self._inference.scales) < _SMALL:
            side = 16 * round(_ADVISED * self._shown / 16)
            times = f"{ratio:.1f}" if ratio > 1 else f"{ratio:.2f}"
            self._tell(
                f"{name}: is {width}x{height} and looked at {times} times as large as crops of training showed photos, "
                "and the network knows things at the size that they had there: "
                f"inference.photo_side={side} looks at it so"
            )
            self._tell = None


def looking_scale(size: tuple[int, int], photo_side: int | None) -> float:
    """The scale at which a photo of this height and width is looked at: see `inference.photo_side`."""
    if photo_side is None:
        return 1.0
    longer = max(size)
    return min(max(longer, photo_side / 2), photo_side) / longer


def looked_at(image: np.ndarray, photo_side: int | None) -> np.ndarray:
    """The photo, uint8 [H, W, 3], as `inference.photo_side` looks at it: uint8 [h, w, 3]."""
    return scaled(image, looking_scale(image.shape[:2], photo_side))


def in_own_size(prediction: Prediction, size: tuple[int, int]) -> Prediction:
    """A prediction of a photo that was looked at in another size: its labels become those of the photo's own size."""
    if prediction.labels.shape == size:
        return prediction
    unrefined = prediction.unrefined
    if unrefined is not None:
        unrefined = cv2.resize(unrefined, size[::-1], interpolation=cv2.INTER_NEAREST)
    return replace(prediction, labels=labels_at(prediction.masks, size), unrefined=unrefined)


def labels_at(masks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The arg max of `masks_at`, uint8 [H, W], one channel at a time: a camera's photo has 50 MB of each."""
    best, labels = _channel_at(masks, 0, size), np.zeros(size, np.uint8)
    for index in range(1, masks.shape[-1]):
        if masks[..., index].any():
            values = _channel_at(masks, index, size)
            labels[values > best] = index
            np.maximum(best, values, out=best)
    return labels


def masks_at(masks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Masks float32 [h, w, 1 + C] at another size, float32 [H, W, 1 + C]: bilinear, with half-pixel centres."""
    if masks.shape[:2] == size:
        return masks
    return np.stack([_channel_at(masks, index, size) for index in range(masks.shape[-1])], axis=-1)


def _channel_at(masks: np.ndarray, index: int, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(np.ascontiguousarray(masks[..., index]), size[::-1], interpolation=cv2.INTER_LINEAR)


def scaled(image: np.ndarray, scale: float) -> np.ndarray:
    """The photo at another size, by Pillow's antialiased bicubic, as in training.

    Args:
        image: uint8 [H, W, 3].
        scale: the new sides over the old ones.

    Returns:
        uint8 [*size_at((H, W), scale), 3]; the photo itself at scale 1.
    """
    if scale == 1:
        return image
    height, width = size_at(image.shape[:2], scale)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))


def size_at(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Height and width at a scale: rounded, and at least 1."""
    height, width = (max(1, round(side * scale)) for side in size)
    return height, width


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
