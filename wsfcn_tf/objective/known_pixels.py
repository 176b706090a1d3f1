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
        labelled: float32 [B], the share of pixels that are known or have a pseudo label, be the photo kept or not.
        kept: float32 [B] in {0, 1}, whether the pseudo labels hold every tag; else they are left out.
    """

    known: tf.Tensor
    pseudo: tf.Tensor
    is_known: tf.Tensor
    labelled: tf.Tensor
    kept: tf.Tensor


def labels_of(masks: tf.Tensor, pseudo: tf.Tensor | None, tags: tf.Tensor, fill_unknown: bool = True) -> Labels:
    """Joins masks and pseudo labels.

    Args:
        masks: of an integer type, [B, H, W], 0..C; any other number, such as 255, is unknown.
        pseudo: float32 [B, H, W, 1 + C] in {0, 1}, of the whole photos; None before the loss switch.
        tags: float32 [B, C] in {0, 1}.
        fill_unknown: whether a photo of which something is known has pseudo labels, too.

    Raises:
        ValueError: masks and pseudo labels differ in size.
    """
    masks = tf.cast(masks, tf.int32)
    known = tf.one_hot(masks, 1 + tags.shape[1])
    is_known = tf.reduce_sum(known, axis=-1)
    if pseudo is None:
        nothing = tf.zeros_like(is_known[:, 0, 0])
        return Labels(known, tf.zeros_like(known), is_known, tf.reduce_mean(is_known, axis=[1, 2]), nothing)
    if not masks.shape[1:].is_compatible_with(pseudo.shape[1:3]):
        raise ValueError(f"masks are {tuple(masks.shape[1:])}, images {tuple(pseudo.shape[1:3])}: make them alike")
    kept = holds_every_tag(pseudo, tags)
    unknown = 1.0 - is_known
    if not fill_unknown:
        unknown *= 1.0 - tf.reduce_max(is_known, axis=[1, 2], keepdims=True)
    labelled = tf.reduce_mean(is_known + unknown * tf.reduce_sum(pseudo, axis=-1), axis=[1, 2])
    return Labels(known, pseudo * (unknown * kept[:, None, None])[..., None], is_known, labelled, kept)


def mean_of_known(losses: tf.Tensor, is_known: tf.Tensor, over: Literal["photo", "known"] = "photo") -> tf.Tensor:
    """The mask loss of known pixels.

    Args:
        losses: float32 [B, H, W].
        is_known: float32 [B, H, W] in {0, 1}.
        over: what the sum is divided by: all pixels of the photo, or those that are known.

    Returns:
        float32 [B]; 0 where nothing is known.
    """
    if over == "photo":
        return tf.reduce_mean(losses * is_known, axis=[1, 2])
    total = tf.reduce_sum(losses * is_known, axis=[1, 2])
    return total / tf.maximum(tf.reduce_sum(is_known, axis=[1, 2]), 1.0)
