"""Convolutions with dilation, in the way that the device at hand computes fastest.

Keras pads a map and cuts it into `dilation` interleaved ones, convolves those and puts them together again: more pixels
than the map has, and copies of everything. GPUs convolve with dilation as such. On CPUs the forward pass can, too, but
without oneDNN TensorFlow has no gradient of it there; and where the dilation is large beside the map, most taps reach
beyond. So on CPUs the gradients, and with `by_taps` the forward pass, are matrix products of what each tap reaches.
"""

import itertools
from collections.abc import Callable

import numpy as np
import tensorflow as tf


def dilated_conv2d(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int, *, by_taps: bool = False) -> tf.Tensor:
    """A convolution with stride 1 that keeps the map's size, zero outside ("same").

    Args:
        inputs: float [B, H, W, C].
        kernel: [kh, kw, C, F] of the same dtype; its sides are odd.
        dilation: distance between taps.
        by_taps: for dilations that are large beside the map: on CPUs, the forward pass leaves out what is outside, too.

    Returns:
        float [B, H, W, F].
    """
    if tf.config.list_physical_devices("GPU"):
        return _native(inputs, kernel, dilation)
    return _on_cpu(inputs, kernel, dilation, by_taps)


def _native(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    return tf.nn.conv2d(inputs, kernel, strides=1, padding="SAME", dilations=dilation)


def _on_cpu(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int, by_taps: bool) -> tf.Tensor:
    forward = _by_taps if by_taps else _native

    @tf.custom_gradient
    def convolve(inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # of a convolution that keeps the size: the convolution of its gradient with the kernel turned about
            turned = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])
            by_input = (_gathered if by_taps else _native)(upstream, turned, dilation)
            return by_input, _by_kernel(inputs, upstream, kernel, dilation)

        return forward(inputs, kernel, dilation), gradient

    return convolve(inputs, kernel)


def _by_taps(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """The sum of every tap's product with the part of the map that it reaches; for few output channels."""
    sides = _Sides(inputs)
    products = [
        _put(_product(_reached(inputs, sides, dy, dx), matrix, sides.reached(dy, dx, matrix.shape[-1])), sides, dy, dx)
        for _, _, dy, dx, matrix in _taps(kernel, dilation, sides)
    ]
    total = tf.add_n(products)
    total.set_shape([*inputs.shape[:3], kernel.shape[-1]])
    return total


def _gathered(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """One product with all taps' shifted maps side by side; for few input channels."""
    sides, filters = _Sides(inputs), kernel.shape[-1]
    taps = _taps(kernel, dilation, sides)
    maps = tf.concat([_put(_reached(inputs, sides, dy, dx), sides, dy, dx) for _, _, dy, dx, _ in taps], axis=-1)
    product = _product(maps, tf.concat([matrix for *_, matrix in taps], axis=0), sides.reached(0, 0, filters))
    product.set_shape([*inputs.shape[:3], filters])
    return product


def _by_kernel(inputs: tf.Tensor, upstream: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """The gradient to the kernel; zero for taps that reach nothing."""
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


def _product(features: tf.Tensor, matrix: tf.Tensor, shape: Vector) -> tf.Tensor:
    """[B, H, W, C] times [C, F], as this shape [B, H, W, F]."""
    return tf.reshape(tf.matmul(tf.reshape(features, [-1, matrix.shape[0]]), matrix), shape)
