"""The learning rate over a run, as a share of `training.learning_rate`."""

import math
from dataclasses import dataclass
from typing import Literal

import tensorflow as tf

from wsfcn_tf.config import TrainingConfig

_POLY_POWER = 0.9  # DeepLab's (arXiv 1606.00915)


@dataclass(frozen=True)
class Schedule:
    """A course from the first step to the last; all counts are of steps.

    Attributes:
        course: "constant"; "poly", (1 - x)^0.9; or "cosine", (1 + cos(pi x)) / 2; x goes from 0, when the warm-up ends,
            to 1 at `steps`.
        steps: of the run; for "constant" without cooldown no matter.
        warmup: the first so many steps rise linearly, the first of them is above 0.
        cooldown: in the last so many the rate falls linearly to 0.
    """

    course: Literal["constant", "poly", "cosine"] = "constant"
    steps: int = 0
    warmup: int = 0
    cooldown: int = 0

    def share(self, step: tf.Tensor) -> tf.Tensor | float:
        """What share of the rate a step takes, float32 in [0, 1]; `step` counts from 0."""
        if self == Schedule():
            return 1.0
        step = tf.cast(step, tf.float32)
        share = tf.constant(1.0)
        if self.course != "constant":
            x = tf.clip_by_value((step - self.warmup) / max(self.steps - self.warmup, 1), 0.0, 1.0)
            share = (1.0 - x) ** _POLY_POWER if self.course == "poly" else 0.5 * (1.0 + tf.cos(math.pi * x))
        if self.cooldown:
            share = tf.clip_by_value((self.steps - step) / self.cooldown, 0.0, 1.0)
        if self.warmup:
            share *= tf.minimum(1.0, (step + 1.0) / self.warmup)
        return share


def build_schedule(config: TrainingConfig, steps_per_epoch: int | None) -> Schedule:
    """The schedule that a config asks for.

    Args:
        config: course, warm-up, cooldown.
        steps_per_epoch: needed for every schedule but the constant one.

    Raises:
        ValueError: `steps_per_epoch` is None and needed.
    """
    if config.schedule == "constant" and not config.warmup_epochs and not config.cooldown_epochs:
        return Schedule()
    if steps_per_epoch is None:
        raise ValueError("a TrainingConfig with a schedule, warmup_epochs or cooldown_epochs needs steps_per_epoch")
    return Schedule(
        config.schedule,
        steps=config.epochs * steps_per_epoch,
        warmup=round(config.warmup_epochs * steps_per_epoch),
        cooldown=config.cooldown_epochs * steps_per_epoch,
    )
