"""Convolutions with dilation, in the way that the device at hand computes fastest.

Keras pads a map and cuts it into `dilation` interleaved ones, convolves those and puts them together again: more pixels
than the map has, and copies of everything. GPUs convolve with dilation as such. On CPUs the forward pass can, too, but
without oneDNN TensorFlow has no gradient of it there; and where the dilation is large beside the map, most taps reach
beyond. So on CPUs the gradients, and with `by_taps` the forward pass, are matrix products of what each tap reaches.
"""

import itertools
from collections.abc import Callable

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
    return tf.add_n(
        [
            _put(_product(_reached(inputs, sides, dy, dx), matrix), sides, dy, dx)
            for _, _, dy, dx, matrix in _taps(kernel, dilation, sides)
        ]
    )


def _gathered(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """One product with all taps' shifted maps side by side; for few input channels."""
    sides = _Sides(inputs)
    taps = _taps(kernel, dilation, sides)
    maps = [_put(_reached(inputs, sides, dy, dx), sides, dy, dx) for _, _, dy, dx, _ in taps]
    return _product(tf.concat(maps, axis=-1), tf.concat([matrix for *_, matrix in taps], axis=0))


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


Side = int | tf.Tensor  # an int where the graph knows it


class _Sides:
    """Height and width of maps, and how much of each an offset leaves out: each computed once in a graph."""

    def __init__(self, features: tf.Tensor) -> None:
        shape, dynamic = features.shape[1:3], None
        if None in shape:
            dynamic = tf.unstack(tf.shape(features)[1:3])
        self.size = [dynamic[axis] if side is None else side for axis, side in enumerate(shape)]
        self._left_out: dict[tuple[int, int], Side] = {}

    def left_out(self, axis: int, offset: int) -> Side:
        """Rows or columns that are not reached: as many as the offset, at most all."""
        key = axis, abs(offset)
        if key not in self._left_out:
            side = self.size[axis]
            self._left_out[key] = min(key[1], side) if isinstance(side, int) else tf.minimum(key[1], side)
        return self._left_out[key]

    def may_reach(self, axis: int, offset: int) -> bool:
        """Whether anything is left; True where that is not known yet."""
        side = self.size[axis]
        return not isinstance(side, int) or abs(offset) < side


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
    index = [slice(None)]
    for axis, offset in enumerate((dy, dx)):
        if offset == 0:
            index.append(slice(None))
        elif offset > 0:
            index.append(slice(sides.left_out(axis, offset), None))
        else:
            index.append(slice(0, sides.size[axis] - sides.left_out(axis, offset)))
    return features[tuple(index)]


def _put(reached: tf.Tensor, sides: _Sides, dy: int, dx: int) -> tf.Tensor:
    """What was reached at an offset, at the pixels that it was reached from; zero elsewhere."""
    if not (dy or dx):
        return reached
    pads = []
    for axis, offset in enumerate((dy, dx)):
        width = sides.left_out(axis, offset) if offset else 0
        pads.append([0, width] if offset > 0 else [width, 0])
    return tf.pad(reached, [[0, 0], *pads, [0, 0]])


def _product(features: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """[B, H, W, C] times [C, F]."""
    channels, filters = matrix.shape
    pixels = features.shape[:-1]
    known = pixels.is_fully_defined()
    shape = [*pixels, filters] if known else tf.concat([tf.shape(features)[:-1], [filters]], axis=0)
    return tf.reshape(tf.matmul(tf.reshape(features, [-1, channels]), matrix), shape)
