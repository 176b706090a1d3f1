"""Masks as a function of a photo's own colours: ridge regression on random Fourier features.

PAMR moves a mask over short distances, and what is far from it stays out though it has the same colours. GrabCut
(Rother et al., SIGGRAPH 2004) therefore looks at a photo's colours as a whole. Here a photo's masks are fitted from its
colours by least squares, in closed form and on any device: kernel ridge regression with a Gaussian kernel, which
random features approximate (Rahimi and Recht, NIPS 2007).
"""

import functools

import numpy as np
import tensorflow as tf

FEATURES = 128
BANDWIDTH = 0.1  # of the Gaussian kernel, in units of a colour's range
WINDOW = 5  # a pixel is described by its colour and by the mean colour of a window around it


def colour_fit(images: tf.Tensor, masks: tf.Tensor, ridge: float) -> tf.Tensor:
    """Replaces each photo's masks by their least-squares fit from the photo's colours.

    No gradient flows through it. Channels do not mix, and photos do not.

    Args:
        images: float32 [B, H, W, 3] in [0, 1].
        masks: float32 [B, H, W, K] in [0, 1].
        ridge: weight of the squared coefficients beside the mean squared error, above 0: the larger, the flatter.

    Returns:
        float32 [B, H, W, K] in [0, 1].
    """
    return _fit(tf.stop_gradient(images), tf.stop_gradient(masks), ridge)


def _fit(images: tf.Tensor, masks: tf.Tensor, ridge: float) -> tf.Tensor:
    shape = tf.shape(masks)
    pixels = shape[1] * shape[2]
    features = tf.reshape(_features(images), [shape[0], pixels, FEATURES + 1])
    targets = tf.reshape(masks, [shape[0], pixels, masks.shape[-1]])
    count = tf.cast(pixels, tf.float32)
    # a mean over pixels, so that `ridge` means the same at any size; the constant is free
    penalty = tf.linalg.diag(tf.concat([tf.fill([FEATURES], ridge), [0.0]], axis=0))
    gram = tf.matmul(features, features, transpose_a=True) / count + penalty
    right = tf.matmul(features, targets, transpose_a=True) / count
    weights = tf.linalg.cholesky_solve(tf.linalg.cholesky(gram), right)
    return tf.clip_by_value(tf.reshape(tf.matmul(features, weights), shape), 0.0, 1.0)


def _features(images: tf.Tensor) -> tf.Tensor:
    """sqrt(2 / D) cos(W z + b) of every pixel's colour and its window's mean colour z, and a constant 1."""
    around = tf.nn.avg_pool2d(images, WINDOW, 1, "SAME")  # the mean of what lies within the photo
    weights, phases = frequencies()
    waves = tf.cos(tf.einsum("bhwc,cd->bhwd", tf.concat([images, around], axis=-1), weights) + phases)
    return tf.concat([np.float32(np.sqrt(2 / FEATURES)) * waves, tf.ones_like(images[..., :1])], axis=-1)


@functools.cache
def frequencies() -> tuple[np.ndarray, np.ndarray]:
    """Always the same draw: the fit is a function of its arguments alone."""
    draw = np.random.default_rng(0)
    weights = draw.normal(scale=1 / BANDWIDTH, size=(6, FEATURES)).astype(np.float32)
    return weights, draw.uniform(0, 2 * np.pi, FEATURES).astype(np.float32)
