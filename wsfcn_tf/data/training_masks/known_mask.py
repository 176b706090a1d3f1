"""What is known of one photo's pixels."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE

AGREE = -1.0  # the trust in a pixel that counts only where training's own pseudo label is the same


class KnownMask(NamedTuple):
    """Labels, and how far they are trusted.

    Attributes:
        labels: uint8 [H,W], 0..C, 255 = unknown.
        trust: float32 [H,W]: how much a known pixel counts, in [0, 1], or AGREE; None if all count fully.
    """

    labels: np.ndarray
    trust: np.ndarray | None = None

    @property
    def is_complete(self) -> bool:
        """Whether no pixel is unknown."""
        return not (self.labels == IGNORE).any()

    def full_trust(self) -> np.ndarray:
        """`trust`, or ones: float32 [H,W]."""
        return np.ones(self.labels.shape, np.float32) if self.trust is None else self.trust


def first_of(masks: Iterable[KnownMask]) -> KnownMask | None:
    """Of each pixel what the first of several masks says that knows it; all [H,W] are the same. None if there are none.

    Raises:
        ValueError: they differ in size.
    """
    joined = None
    for mask in masks:
        if joined is None:
            joined = mask
            continue
        if mask.labels.shape != joined.labels.shape:
            raise ValueError(f"{_sides(mask.labels)} pixels, another is {_sides(joined.labels)}")
        unknown = joined.labels == IGNORE
        trust = None
        if joined.trust is not None or mask.trust is not None:
            trust = np.where(unknown, mask.full_trust(), joined.full_trust())
        joined = KnownMask(np.where(unknown, mask.labels, joined.labels), trust)
    return joined


def _sides(labels: np.ndarray) -> str:
    return f"{labels.shape[1]}x{labels.shape[0]}"
