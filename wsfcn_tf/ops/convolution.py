"""Convolutions with dilation, in the way that the device at hand computes fastest.

Keras pads a map and cuts it into `dilation` interleaved ones, convolves those and puts them together again: more pixels
than the map has, and copies of everything. GPUs convolve with dilation as such. On CPUs the forward pass can, too, but
without oneDNN TensorFlow has no gradient of it there; and where the dilation is large beside the map, most taps reach
beyond. So on CPUs the gradients, and of `tap_conv2d` the forward pass, are matrix products of what a tap reaches.
"""

from collections.abc import Callable

import tensorflow as tf

from wsfcn_tf.ops import taps

_Convolution = Callable[[tf.Tensor, tf.Tensor, int], tf.Tensor]


def dilated_conv2d(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """A convolution with stride 1 that keeps the map's size, zero outside ("same").

    Args:
        inputs: float [B, H, W, C].
        kernel: [kh, kw, C, F] of the same dtype; its sides are odd.
        dilation: distance between taps.

    Returns:
        float [B, H, W, F].
    """
    return _convolved(inputs, kernel, dilation, _native, _native_by_input)


def tap_conv2d(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """The same for dilations that are large beside the map: on CPUs, what is outside is left out."""
    return _convolved(inputs, kernel, dilation, taps.summed, taps.by_input)


def _convolved(
    inputs: tf.Tensor, kernel: tf.Tensor, dilation: int, forward: _Convolution, by_input: _Convolution
) -> tf.Tensor:
    if tf.config.list_physical_devices("GPU"):
        return _native(inputs, kernel, dilation)

    @tf.custom_gradient
    def convolve(inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # Not before its turn: a graph would cut the map and turn the kernel in its forward half, and keep both.
            with tf.control_dependencies([upstream]):
                by_kernel = taps.by_kernel(inputs, upstream, kernel, dilation)
            with tf.control_dependencies([by_kernel]):
                return by_input(upstream, kernel, dilation), by_kernel

        return forward(inputs, kernel, dilation), gradient

    return convolve(inputs, kernel)


def _native(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    return tf.nn.conv2d(inputs, kernel, strides=1, padding="SAME", dilations=dilation)


def _native_by_input(upstream: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """Of a convolution that keeps the size: the convolution of its gradient with the kernel turned about."""
    return _native(upstream, tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]), dilation)
