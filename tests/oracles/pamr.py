"""PAMR in the release's formulation: every channel is convolved with 48 one-hot 3x3 kernels, borders replicated."""

import tensorflow as tf

_CENTRE = 4


def pamr_reference(
    images: tf.Tensor,
    masks: tf.Tensor,
    iterations: int = 10,
    dilations: tuple[int, ...] = (1, 2, 4, 8, 12, 24),
) -> tf.Tensor:
    """What `wsfcn_tf.ops.pamr` must equal.

    Args:
        images: float32 [B, H, W, 3] in [0, 1].
        masks: float32 [B, h, w, K]; resized to [H, W] (align-corners) first.
        iterations: rounds of averaging.
        dilations: distances at which the eight neighbours are taken.

    Returns:
        float32 [B, H, W, K].
    """
    masks = tf.compat.v1.image.resize_bilinear(masks, tf.shape(images)[1:3], align_corners=True)
    images, masks = tf.transpose(images, [0, 3, 1, 2]), tf.transpose(masks, [0, 3, 1, 2])
    distance = tf.abs(windows(images, dilations, centre=False) - images[..., None])
    deviation = _unbiased_std(windows(images, dilations, centre=True))
    affinity = -distance / (1e-8 + 0.1 * deviation)
    weights = tf.nn.softmax(tf.reduce_mean(affinity, axis=1, keepdims=True), axis=-1)
    for _ in range(iterations):
        masks = tf.reduce_sum(weights * windows(masks, dilations, centre=False), axis=-1)
    return tf.transpose(masks, [0, 2, 3, 1])


def windows(features: tf.Tensor, dilations: tuple[int, ...], centre: bool) -> tf.Tensor:
    """The 3x3 windows of every pixel, [B, C, H, W] -> [B, C, H, W, 8 or 9 per dilation]."""
    batch, channels, height, width = tf.unstack(tf.shape(features))
    planes = tf.reshape(features, [batch * channels, height, width, 1])
    kernels = tf.reshape(tf.eye(9), [3, 3, 1, 9])
    if not centre:
        kernels = tf.concat([kernels[..., :_CENTRE], kernels[..., _CENTRE + 1 :]], axis=-1)
    found = tf.concat(
        [tf.nn.conv2d(_replicate(planes, d), kernels, strides=1, padding="VALID", dilations=d) for d in dilations], -1
    )
    return tf.reshape(found, [batch, channels, height, width, found.shape[-1]])


def _replicate(planes: tf.Tensor, pad: int) -> tf.Tensor:
    planes = tf.concat([tf.repeat(planes[:, :1], pad, 1), planes, tf.repeat(planes[:, -1:], pad, 1)], axis=1)
    return tf.concat([tf.repeat(planes[:, :, :1], pad, 2), planes, tf.repeat(planes[:, :, -1:], pad, 2)], axis=2)


def _unbiased_std(values: tf.Tensor) -> tf.Tensor:
    """Over the last axis, which stays, with length 1."""
    squares = tf.square(values - tf.reduce_mean(values, axis=-1, keepdims=True))
    return tf.sqrt(tf.reduce_sum(squares, axis=-1, keepdims=True) / (values.shape[-1] - 1))
