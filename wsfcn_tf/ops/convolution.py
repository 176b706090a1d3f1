"""Convolutions with dilation, in the way that the device at hand computes fastest.

Keras pads a map and cuts it into `dilation` interleaved ones, convolves those and puts them together again: more pixels
than the map has, and copies of everything. GPUs convolve with dilation as such. On CPUs the forward pass can, too, but
without oneDNN TensorFlow has no gradient of it there; and where the dilation is large beside the map, most taps reach
beyond. So on CPUs the gradients, and of `tap_convolutions` the forward pass, are matrix products of what a tap reaches.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from wsfcn_tf.ops import taps


def dilated_conv2d(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    """A convolution with stride 1 that keeps the map's size, zero outside ("same").

    Args:
        inputs: float [B, H, W, C].
        kernel: [kh, kw, C, F] of the same dtype; its sides are odd.
        dilation: distance between taps.

    Returns:
        float [B, H, W, F].
    """
    if tf.config.list_physical_devices("GPU"):
        return _native(inputs, kernel, dilation)

    @tf.custom_gradient
    def convolve(inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # Not before its turn: a graph would cut the map and turn the kernel in its forward half, and keep both.
            with tf.control_dependencies([upstream]):
                by_kernel = taps.by_kernel(inputs, upstream, kernel, dilation)
            with tf.control_dependencies([by_kernel]):
                # of a convolution that keeps the size: the convolution of its gradient with the kernel turned about
                turned = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])
                return _native(upstream, turned, dilation), by_kernel

        return _native(inputs, kernel, dilation), gradient

    return convolve(inputs, kernel)


def tap_convolutions(inputs: tf.Tensor, kernels: Sequence[tf.Tensor], dilations: Sequence[int]) -> list[tf.Tensor]:
    """Several of these of one map, with dilations that are large beside it: what is outside is left out on CPUs.

    Args:
        inputs: float [B, H, W, C].
        kernels: [kh, kw, C, F] of the same dtype, with odd sides, C alike.
        dilations: of each, the distance between taps.

    Returns:
        float [B, H, W, F] of each. The gradient to the map is one product, so that its parts are never all in memory.
    """
    if tf.config.list_physical_devices("GPU"):
        return [_native(inputs, kernel, dilation) for kernel, dilation in zip(kernels, dilations, strict=True)]

    @tf.custom_gradient
    def convolve(inputs: tf.Tensor, *kernels: tf.Tensor) -> tuple[list[tf.Tensor], Callable]:
        def gradient(*upstreams: tf.Tensor) -> tuple[tf.Tensor, ...]:
            ready, by_kernels = list(upstreams), []
            for upstream, kernel, dilation in zip(upstreams, kernels, dilations, strict=True):
                with tf.control_dependencies(ready):  # as in `dilated_conv2d`, and one kernel after the other
                    ready = [taps.by_kernel(inputs, upstream, kernel, dilation)]
                by_kernels += ready
            with tf.control_dependencies(ready):
                return taps.by_input(upstreams, kernels, dilations), *by_kernels

        products = zip(kernels, dilations, strict=True)
        return [taps.summed(inputs, kernel, dilation) for kernel, dilation in products], gradient

    return convolve(inputs, *kernels)


def _native(inputs: tf.Tensor, kernel: tf.Tensor, dilation: int) -> tf.Tensor:
    return tf.nn.conv2d(inputs, kernel, strides=1, padding="SAME", dilations=dilation)
