"""Convolutions with dilation, in the way that the device at hand computes fastest.

Keras pads a map and cuts it into `dilation` interleaved ones, convolves those and puts them together again: more pixels
than the map has, and copies of everything. GPUs convolve with dilation as such. On CPUs the forward pass can, too, but
without oneDNN TensorFlow has no gradient of it there; and where the dilation is large beside the map, most taps reach
beyond. So on CPUs the gradients, and with `by_taps` the forward pass, are matrix products of what each tap reaches.
"""

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
    size = _size(inputs)
    return tf.add_n(
        [
            _put(_product(_reached(inputs, size, dy, dx), kernel[row, column]), size, dy, dx)
            for row, column, dy, dx in _taps(kernel, dilation, size)
        ]
    )


def _gathered(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """One product with all taps' shifted maps side by side; for few input channels."""
    size = _size(inputs)
    taps = _taps(kernel, dilation, size)
    maps = [_put(_reached(inputs, size, dy, dx), size, dy, dx) for _, _, dy, dx in taps]
    return _product(tf.concat(maps, axis=-1), tf.concat([kernel[row, column] for row, column, *_ in taps], axis=0))


def _by_kernel(inputs: tf.Tensor, upstream: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """The gradient to the kernel; zero for taps that reach nothing."""
    size = _size(inputs)
    height, width, channels, filters = kernel.shape
    taps = [[tf.zeros([channels, filters], inputs.dtype)] * width for _ in range(height)]
    for row, column, dy, dx in _taps(kernel, dilation, size):
        seen = tf.reshape(_reached(inputs, size, dy, dx), [-1, channels])
        made = tf.reshape(_reached(upstream, size, -dy, -dx), [-1, filters])
        taps[row][column] = tf.matmul(seen, made, transpose_a=True)
    return tf.stack([tf.stack(row) for row in taps])


Side = int | tf.Tensor  # an int where the graph knows it


def _size(features: tf.Tensor) -> tuple[Side, Side]:
    """Height and width of [B, H, W, C]."""
    dynamic = tf.shape(features)
    height, width = (dynamic[axis] if features.shape[axis] is None else features.shape[axis] for axis in (1, 2))
    return height, width


def _taps(kernel: tf.Tensor, dilation: int, size: tuple[Side, Side]) -> list[tuple[int, int, int, int]]:
    """(row, column, how far below and how far right of the output it looks) of the taps that may reach the map."""
    height, width = kernel.shape[:2]
    places = [
        (row, column, (row - height // 2) * dilation, (column - width // 2) * dilation)
        for row in range(height)
        for column in range(width)
    ]
    return [place for place in places if all(map(_may_reach, place[2:], size))]


def _may_reach(offset: int, side: Side) -> bool:
    return not isinstance(side, int) or abs(offset) < side


def _distance(offset: int, side: Side) -> Side:
    return min(abs(offset), side) if isinstance(side, int) else tf.minimum(abs(offset), side)


def _reached(features: tf.Tensor, size: tuple[Side, Side], dy: int, dx: int) -> tf.Tensor:
    """The part of a map that an offset reaches from within it; nothing where the map is smaller than the offset."""
    index = [slice(None)]
    for offset, side in zip((dy, dx), size, strict=True):
        distance = _distance(offset, side)
        index.append(slice(distance, None) if offset > 0 else slice(0, side - distance) if offset else slice(None))
    return features[tuple(index)]


def _put(reached: tf.Tensor, size: tuple[Side, Side], dy: int, dx: int) -> tf.Tensor:
    """What was reached at an offset, at the pixels that it was reached from; zero elsewhere."""
    if not (dy or dx):
        return reached
    distances = (_distance(offset, side) for offset, side in zip((dy, dx), size, strict=True))
    pads = [[0, d] if offset > 0 else [d, 0] for offset, d in zip((dy, dx), distances, strict=True)]
    return tf.pad(reached, [[0, 0], *pads, [0, 0]])


def _product(features: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """[B, H, W, C] times [C, F]."""
    flat = tf.matmul(tf.reshape(features, [-1, matrix.shape[0]]), matrix)
    (height, width), shape = _size(features), tf.shape(features)
    batch = shape[0] if features.shape[0] is None else features.shape[0]
    return tf.reshape(flat, [batch, height, width, matrix.shape[1]])
