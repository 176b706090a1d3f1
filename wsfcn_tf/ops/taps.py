"""A convolution with dilation as matrix products, one for each tap, with what that tap reaches of the map."""

import itertools
from collections.abc import Callable

import numpy as np
import tensorflow as tf


def summed(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """The convolution: [B, H, W, C] by [kh, kw, C, F] to [B, H, W, F], a product for each tap; for few filters."""
    sides = _Sides(inputs)
    products = []
    for _, _, dy, dx, matrix in _taps(kernel, dilation, sides):
        seen = tf.reshape(_reached(inputs, sides, dy, dx), [-1, matrix.shape[0]])
        product = tf.reshape(tf.matmul(seen, matrix), sides.reached(dy, dx, matrix.shape[-1]))
        products.append(_put(product, sides, dy, dx))
    total = tf.add_n(products)
    total.set_shape([*inputs.shape[:3], kernel.shape[-1]])
    return total


def by_input(upstream: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """Its gradient to the map, [B, H, W, F] to [B, H, W, C]: one product of all taps side by side; for few filters."""
    sides, channels = _Sides(upstream), kernel.shape[2]
    taps = _taps(kernel, dilation, sides)
    maps = [_put(_reached(upstream, sides, -dy, -dx), sides, -dy, -dx) for _, _, dy, dx, _ in taps]
    matrices = tf.concat([matrix for *_, matrix in taps], axis=1)
    flat = tf.reshape(tf.concat(maps, axis=-1), [-1, matrices.shape[1]])
    product = tf.reshape(tf.matmul(flat, matrices, transpose_b=True), sides.reached(0, 0, channels))
    product.set_shape([*upstream.shape[:3], channels])
    return product


def by_kernel(inputs: tf.Tensor, upstream: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """The gradient to the kernel, [kh, kw, C, F]; zero for taps that reach nothing."""
    sides = _Sides(inputs)
    height, width, channels, filters = kernel.shape
    taps = [[tf.zeros([channels, filters], inputs.dtype)] * width for _ in range(height)]
    for row, column, dy, dx, _ in _taps(kernel, dilation, sides):
        seen = tf.reshape(_reached(inputs, sides, dy, dx), [-1, channels])
        made = tf.reshape(_reached(upstream, sides, -dy, -dx), [-1, filters])
        taps[row][column] = tf.matmul(seen, made, transpose_a=True)
    return tf.stack([tf.stack(row) for row in taps])


Vector = np.ndarray | tf.Tensor  # int32 [4], a number for each axis of a map; NumPy's where the graph knows it


class _Sides:
    """Where offsets lead in maps of one height and width, each vector computed once in a graph.

    Vectors, for of single numbers the graph would hold each, and how to pack it.
    """

    def __init__(self, features: tf.Tensor) -> None:
        height, width = self._sides = features.shape[1:3]
        self._known = None not in self._sides
        self._shape = np.array([-1, height, width, -1], np.int32) if self._known else tf.shape(features)
        self._vectors: dict[tuple, Vector] = {}

    def may_reach(self, axis: int, offset: int) -> bool:
        """Whether anything is left; True where that is not known yet."""
        side = self._sides[axis]
        return side is None or abs(offset) < side

    def left_out(self, dy: int, dx: int) -> Vector:
        """How much an offset, at least 0, does not reach: as much as its length, at most all."""
        offset = np.array([0, dy, dx, 0], np.int32)
        if self._known or not offset.any():
            return offset
        return self._once(("left out", dy, dx), lambda: tf.minimum(offset, self._shape))

    def reached(self, dy: int, dx: int, channels: int) -> Vector:
        """The shape of what an offset reaches, of a map with so many channels; -1 for the batch where it may be."""
        if self._known:
            return np.array([-1, self._sides[0] - abs(dy), self._sides[1] - abs(dx), channels], np.int32)
        if dy or dx:
            whole, left_out = self.reached(0, 0, channels), self.left_out(abs(dy), abs(dx))
            return self._once(("reached", abs(dy), abs(dx), channels), lambda: whole - left_out)
        return self._once(("whole", channels), lambda: tf.concat([self._shape[:3], [channels]], axis=0))

    def _once(self, key: tuple, compute: Callable[[], tf.Tensor]) -> tf.Tensor:
        if key not in self._vectors:
            self._vectors[key] = compute()
        return self._vectors[key]


def _taps(kernel: tf.Tensor, dilation: int, sides: _Sides) -> list[tuple[int, int, int, int, tf.Tensor]]:
    """(row, column, how far below and how far right of the output it looks, [C, F]) of the taps that may reach."""
    height, width, channels, filters = kernel.shape
    matrices = tf.unstack(tf.reshape(kernel, [height * width, channels, filters]))
    places = itertools.product(range(height), range(width))
    taps = [
        (row, column, (row - height // 2) * dilation, (column - width // 2) * dilation, matrix)
        for (row, column), matrix in zip(places, matrices, strict=True)
    ]
    return [tap for tap in taps if sides.may_reach(0, tap[2]) and sides.may_reach(1, tap[3])]


def _reached(features: tf.Tensor, sides: _Sides, dy: int, dx: int) -> tf.Tensor:
    """The part of a map that an offset reaches from within it; nothing where the map is smaller than the offset."""
    if not (dy or dx):
        return features
    channels = features.shape[-1]
    part = tf.slice(features, sides.left_out(max(dy, 0), max(dx, 0)), sides.reached(dy, dx, channels))
    part.set_shape([features.shape[0], None, None, channels])
    return part


def _put(reached: tf.Tensor, sides: _Sides, dy: int, dx: int) -> tf.Tensor:
    """What was reached at an offset, at the pixels that it was reached from; zero elsewhere."""
    if not (dy or dx):
        return reached
    before, after = sides.left_out(max(-dy, 0), max(-dx, 0)), sides.left_out(max(dy, 0), max(dx, 0))
    return tf.pad(reached, tf.stack([before, after], axis=1))
