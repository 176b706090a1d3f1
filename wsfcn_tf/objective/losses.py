"""The two losses, per image: the caller averages (and divides by the global batch under replicas)."""

import tensorflow as tf

from wsfcn_tf.ops import resize_align_corners


def classification_loss(scores: tf.Tensor, tags: tf.Tensor) -> tf.Tensor:
    """Multi-label soft margin: binary cross-entropy of sigmoid(scores), averaged over classes (release).

    Args:
        scores: float32 [B, C], before the sigmoid.
        tags: float32 [B, C] in {0, 1}.

    Returns:
        float32 [B].
    """
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=tags, logits=scores), axis=1)


def mask_loss(logits: tf.Tensor, pseudo: tf.Tensor, tags: tf.Tensor, class_balance: float = 1.0) -> tf.Tensor:
    """Class-balanced cross-entropy against pseudo labels (SSSS section 3.3; weights as in the release).

    A labelled pixel weighs ((N - N_class) / (1 + N))^class_balance, N being the image's labelled pixels; the sum is
    divided by all pixels. An image whose pseudo labels do not hold exactly its tagged classes and background gets 0: it
    stays in the batch's mean.

    Args:
        logits: float32 [B, h, w, 1 + C]; resized (align-corners) to the pseudo labels.
        pseudo: float32 [B, H, W, 1 + C] in {0, 1}, at most one 1 per pixel.
        tags: float32 [B, C] in {0, 1}.
        class_balance: 1 as in the release; 0 for plain cross-entropy, in which all labelled pixels weigh the same.

    Returns:
        float32 [B].
    """
    per_pixel = pixel_losses(logits, pseudo, class_balance)
    return tf.reduce_mean(per_pixel, axis=[1, 2]) * holds_every_tag(pseudo, tags)


def pixel_losses(logits: tf.Tensor, labels: tf.Tensor, class_balance: float = 1.0) -> tf.Tensor:
    """The class-balanced cross-entropy of each pixel; `mask_loss` is its mean.

    Args:
        logits: float32 [B, h, w, 1 + C]; resized (align-corners) to the labels.
        labels: float32 [B, H, W, 1 + C] in {0, 1}, at most one 1 per pixel.
        class_balance: see `mask_loss`.

    Returns:
        float32 [B, H, W]; 0 where there is no label.
    """
    logits = resize_align_corners(logits, tf.shape(labels)[1:3])
    class_pixels = tf.reduce_sum(labels, axis=[1, 2])
    labelled = tf.reduce_sum(class_pixels, axis=1, keepdims=True)
    weights = ((labelled - class_pixels) / (1.0 + labelled)) ** class_balance
    # sum_k w_k p_k (-log softmax_k): an unlabelled pixel has no 1, so it adds 0
    return -tf.reduce_sum(weights[:, None, None] * labels * tf.nn.log_softmax(logits), axis=-1)


def holds_every_tag(pseudo: tf.Tensor, tags: tf.Tensor) -> tf.Tensor:
    """1 for images whose pseudo labels hold as many classes as they have tags, and background; else 0.

    Args:
        pseudo: float32 [B, H, W, 1 + C] in {0, 1}.
        tags: float32 [B, C] in {0, 1}.

    Returns:
        float32 [B] in {0, 1}.
    """
    found = tf.reduce_sum(tf.reduce_max(pseudo, axis=[1, 2]), axis=1)
    return tf.cast(tf.equal(found, 1.0 + tf.reduce_sum(tags, axis=1)), pseudo.dtype)
