"""What training minimises, per image: the classification loss, and from the switch on the mask loss with it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig, SelfSupervisionConfig
from wsfcn_tf.objective.known_pixels import Labels, labels_of, mean_of_known
from wsfcn_tf.objective.losses import classification_loss, holds_every_tag, mask_loss, pixel_losses
from wsfcn_tf.objective.pseudo_labels import clean, pseudo_labels
from wsfcn_tf.ops import colour_fit, pamr_tagged, resize_align_corners, with_saliency
from wsfcn_tf.ops.normalise import denormalise


@dataclass(frozen=True)
class Ramp:
    """How the mask loss comes in after the switch: a weight that grows linearly over `steps` steps from `first` on."""

    first: int = 0
    steps: int = 0

    def share(self, step: tf.Tensor) -> tf.Tensor | float:
        """What share of `self_supervision.weight` a step takes, float32 in [0, 1]; `step` counts from 0."""
        if self.steps == 0:
            return 1.0
        return tf.clip_by_value((tf.cast(step, tf.float32) + 1.0 - self.first) / self.steps, 0.0, 1.0)


class Supervision(NamedTuple):
    """What the network teaches itself with; all float32 [B, H, W, 1 + C] at the images' size."""

    masks: tf.Tensor
    refined: tf.Tensor
    pseudo: tf.Tensor


@keras.saving.register_keras_serializable(package="wsfcn_tf")
class Objective:
    """The losses of a step (SSSS section 3.3).

    Args:
        config: PAMR's and the pseudo labels' settings, and the mask loss's weight.
        max_tags: at least the largest number of tags of a training image; PAMR refines so many channels and background.
            None refines all channels: the same result, slower where there are many classes.
        ramp: how the mask loss comes in after the switch.
        score_offsets: [C], added to the scores in the classification loss; None adds nothing. What is known of each
            class beforehand, as log-odds, makes the scores tell what the photo adds (`training.logit_adjustment`).
        learns_masks: whether the masks that come with tags teach, as `data.masks: train` has it; else they are for
            metrics only.
    """

    names = ("loss", "classification", "mask", "labelled", "kept")

    def __init__(
        self,
        config: SelfSupervisionConfig = SelfSupervisionConfig(),  # noqa: B008
        max_tags: int | None = None,
        ramp: Ramp = Ramp(),
        score_offsets: Sequence[float] | None = None,
        learns_masks: bool = False,
    ) -> None:
        self.config, self.max_tags, self.ramp, self.score_offsets = config, max_tags, ramp, score_offsets
        self.learns_masks = learns_masks

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values."""
        offsets = None if self.score_offsets is None else [float(offset) for offset in self.score_offsets]
        return {
            "config": asdict(self.config),
            "max_tags": self.max_tags,
            "ramp": asdict(self.ramp),
            "score_offsets": offsets,
            "learns_masks": self.learns_masks,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Objective":
        """The objective that `get_config` described."""
        return cls(**config | {"config": SelfSupervisionConfig(**config["config"]), "ramp": Ramp(**config["ramp"])})

    def __call__(
        self,
        images: tf.Tensor,
        tags: tf.Tensor,
        outputs: dict[str, tf.Tensor],
        self_supervision: bool,
        step: tf.Tensor | int,
        masks: tf.Tensor | None = None,
        trust: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """Losses and pseudo-label statistics of each image.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB; [B, H, W, 4] with the saliency in [-1, 1] where
                `self_supervision.saliency` is set.
            tags: float32 [B, C] in {0, 1}.
            outputs: of the model for these images.
            self_supervision: False leaves out the pseudo labels, and without `masks` the mask loss, which is then 0.
            step: of the run, counted from 0; what the ramp goes by.
            masks: of an integer type, [B, H, W] at the images' size, 0..C; any other number is unknown. What is known
                is learnt from the first step on, and pseudo labels are for what is not.
            trust: float32 [B, H, W], how far masks are trusted, see `labels_of`.

        Returns:
            float32 [B] each: loss; classification; mask; labelled, the share of pixels that are known or have a pseudo
            label; kept, 1 where the pseudo labels hold every tag, so that the mask loss counts them.
        """
        offsets = 0.0 if self.score_offsets is None else tf.constant(self.score_offsets, tf.float32)
        classification = classification_loss(outputs["scores"] + offsets, tags)
        zero = tf.zeros_like(classification)
        values = {"classification": classification, "mask": zero, "labelled": zero, "kept": zero}
        pseudo = self.supervise(images, tags, outputs["logits"]).pseudo if self_supervision else None
        loss = classification
        if masks is not None:
            known = labels_of(masks, pseudo, tags, self.config.fill_unknown, trust)
            loss, values = self._with_known(loss, values, known, outputs["logits"], step)
        elif pseudo is not None:
            mask = mask_loss(outputs["logits"], pseudo, tags, self.config.class_balance)
            loss += self.config.weight * self.ramp.share(step) * mask
            labelled = tf.reduce_mean(tf.reduce_sum(pseudo, axis=-1), axis=[1, 2])
            values |= {"mask": mask, "labelled": labelled, "kept": holds_every_tag(pseudo, tags)}
        return {"loss": loss, **values}

    def _with_known(
        self,
        loss: tf.Tensor,
        values: dict[str, tf.Tensor],
        labels: Labels,
        logits: tf.Tensor,
        step: tf.Tensor | int,
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Loss and values with the mask loss of known pixels and, if there are any, of pseudo labels."""
        balance, of_known, both = self.config.class_balance, self.config.known_balance, labels.known + labels.pseudo
        losses = pixel_losses(logits, both, balance)
        known = losses if of_known in (None, balance) else pixel_losses(logits, both, of_known)
        known = mean_of_known(known, labels, self.config.known_mean)
        pseudo = tf.reduce_mean(losses * (1.0 - labels.is_known), axis=[1, 2])
        loss += self.config.weight * self.ramp.share(step) * pseudo
        loss += self.config.known_weight * known
        return loss, values | {"mask": pseudo + known, "labelled": labels.labelled, "kept": labels.kept}

    def supervise(self, images: tf.Tensor, tags: tf.Tensor, logits: tf.Tensor) -> Supervision:
        """From logits to pseudo labels; no gradient.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB; [B, H, W, 4] with the saliency in [-1, 1] where
                `self_supervision.saliency` is set.
            tags: float32 [B, C] in {0, 1}.
            logits: float32 [B, h, w, 1 + C].

        Returns:
            The masks before and after their refinement, cleaned by the tags, and the pseudo labels.

        Raises:
            ValueError: `self_supervision.saliency` is set, and the images have no fourth channel.
        """
        masks = tf.nn.softmax(tf.stop_gradient(logits))
        size, full = tf.shape(masks)[1:3], tf.shape(images)[1:3]
        # PAMR runs at the masks' size: the release found that enough, and it is 16 times cheaper
        small = resize_align_corners(denormalise(images[..., :3]), size)
        fit = self.config.colour_fit
        refined = pamr_tagged(
            small,
            colour_fit(small, masks, fit) if fit > 0 else masks,
            tags,
            tags.shape[1] if self.max_tags is None else self.max_tags,
            self.config.pamr_iterations,
            self.config.pamr_dilations,
        )
        refined = clean(resize_align_corners(refined, full), tags)
        if self.config.saliency > 0:
            if images.shape[-1] != 4:
                raise ValueError(
                    f"self_supervision.saliency is set, and images have {images.shape[-1]} channels: the fourth is "
                    "saliency, which training_batches(..., saliency=True) adds"
                )
            refined = with_saliency(refined, images[..., 3:], self.config.saliency)
        pseudo = pseudo_labels(refined, self.config.floor, self.config.background_factor, self.config.foreground_factor)
        return Supervision(clean(resize_align_corners(masks, full), tags), refined, pseudo)


def build_objective(
    config: ExperimentConfig, tags: np.ndarray, steps_per_epoch: int, learns_masks: bool = False
) -> Objective:
    """The objective of a run on photos with tags [N, C], with its ramp, which begins at the switch."""
    first, count = config.training.pretrain_epochs, config.self_supervision.ramp_epochs
    ramp = Ramp(first * steps_per_epoch, count * steps_per_epoch)
    known = log_odds(tags)  # only how classes differ: all alike would move the border between things and background
    offsets = config.training.logit_adjustment * (known - known.mean())
    return Objective(config.self_supervision, int(tags.sum(axis=1).max()), ramp, offsets.tolist(), learns_masks)


def log_odds(tags: np.ndarray) -> np.ndarray:
    """Of each class among photos with tags [N, C] in {0, 1}: log(n / (N - n)), float64 [C].

    A class of no photo, or of all, has the mean of the others, or 0 without others: nothing is learnt of it, and what
    is adjusted by how log-odds differ from their mean leaves it as it is, and the others as they are without it.
    """
    count = tags.sum(axis=0, dtype=np.float64)
    told = (count > 0) & (count < len(tags))
    found = np.zeros(tags.shape[1])
    if told.any():
        found[told] = np.log(count[told] / (len(tags) - count[told]))
        found[~told] = found[told].mean()
    return found
