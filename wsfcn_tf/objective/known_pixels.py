"""Masks and pseudo labels together: what is known of a photo's pixels teaches as it is, pseudo labels fill the rest."""

from typing import Literal, NamedTuple

import tensorflow as tf

from wsfcn_tf.objective.losses import holds_every_tag


class Labels(NamedTuple):
    """What the mask loss compares with.

    Attributes:
        known: float32 [B, H, W, 1 + C] in {0, 1}, what the masks say.
        pseudo: likewise, pseudo labels of pixels that they say nothing of.
        is_known: float32 [B, H, W] in {0, 1}.
        weights: float32 [B, H, W], how much a known pixel counts; 0 where unknown.
        labelled: float32 [B], the share of pixels that are known or have a pseudo label, be the photo kept or not.
        kept: float32 [B] in {0, 1}, whether the pseudo labels hold every tag; else they are left out.
    """

    known: tf.Tensor
    pseudo: tf.Tensor
    is_known: tf.Tensor
    weights: tf.Tensor
    labelled: tf.Tensor
    kept: tf.Tensor


def labels_of(
    masks: tf.Tensor,
    pseudo: tf.Tensor | None,
    tags: tf.Tensor,
    fill_unknown: bool = True,
    trust: tf.Tensor | None = None,
) -> Labels:
    """Joins masks and pseudo labels.

    Args:
        masks: of an integer type, [B, H, W], 0..C; any other number, such as 255, is unknown.
        pseudo: float32 [B, H, W, 1 + C] in {0, 1}, of the whole photos; None before the loss switch.
        tags: float32 [B, C] in {0, 1}.
        fill_unknown: whether a photo of which something is known has pseudo labels, too.
        trust: float32 [B, H, W], how much what the masks say counts, in [0, 1]; where it is below 0, that is no
            knowledge, but pseudo labels that say something else are left out. None trusts all of it.

    Raises:
        ValueError: masks and pseudo labels differ in size.
    """
    masks = tf.cast(masks, tf.int32)
    said = tf.one_hot(masks, 1 + tags.shape[1])
    proposed = tf.zeros(tf.shape(masks)) if trust is None else tf.cast(trust < 0, tf.float32) * tf.reduce_sum(said, -1)
    known = said * (1.0 - proposed)[..., None]
    is_known = tf.reduce_sum(known, axis=-1)
    weights = is_known if trust is None else is_known * trust
    if pseudo is None:
        nothing = tf.zeros_like(is_known[:, 0, 0])
        return Labels(known, tf.zeros_like(known), is_known, weights, tf.reduce_mean(is_known, axis=[1, 2]), nothing)
    if not masks.shape[1:].is_compatible_with(pseudo.shape[1:3]):
        raise ValueError(f"masks are {tuple(masks.shape[1:])}, images {tuple(pseudo.shape[1:3])}: make them alike")
    kept = holds_every_tag(pseudo, tags)
    unknown = 1.0 - is_known
    if not fill_unknown:
        unknown *= tf.maximum(proposed, 1.0 - tf.reduce_max(is_known, axis=[1, 2], keepdims=True))
    if trust is not None:
        pseudo *= tf.where(proposed[..., None] > 0, said, 1.0)
    labelled = tf.reduce_mean(is_known + unknown * tf.reduce_sum(pseudo, axis=-1), axis=[1, 2])
    pseudo *= (unknown * kept[:, None, None])[..., None]
    return Labels(known, pseudo, is_known, weights, labelled, kept)


def mean_of_known(losses: tf.Tensor, labels: Labels, over: Literal["photo", "known", "geometric"]) -> tf.Tensor:
    """The mask loss of known pixels.

    Args:
        losses: float32 [B, H, W].
        labels: what is known.
        over: what the sum is divided by: all pixels of the photo, those that are known, or the geometric mean of both.

    Returns:
        float32 [B]; 0 where nothing is known.
    """
    if over == "photo":
        return tf.reduce_mean(losses * labels.weights, axis=[1, 2])
    total = tf.reduce_sum(losses * labels.weights, axis=[1, 2])
    count = tf.maximum(tf.reduce_sum(labels.is_known, axis=[1, 2]), 1.0)
    if over == "geometric":
        count = tf.sqrt(count * tf.cast(tf.reduce_prod(tf.shape(losses)[1:]), count.dtype))
    return total / count
