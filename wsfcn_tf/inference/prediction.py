"""What every predictor returns for a photo: the network's as well as the baselines'."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Prediction:
    """One photo's prediction.

    Attributes:
        labels: uint8 [H, W], 0 is background and i+1 is class i.
        scores: float32 [C] in [0, 1], how probable it is that each class is in the photo.
        masks: float32 [h, w, 1+C] in [0, 1], in the size that the photo was looked at, which is its own but for
            `inference.photo_side`; `labels` is the arg max of them or of `masks_at` the photo's size.
        raw_masks: float32 [h, w, 1+C] in [0, 1], the network's own, before the rules and the CRF (the mean of the
            views); None of a predictor that has no such step.
        unrefined: uint8 [H, W], the labels before the CRF; None if there was none.
        without_crf: this photo is refined by its saliency and GrabCut, and not by a CRF (`inference.photo_cues`).
    """

    labels: np.ndarray
    scores: np.ndarray
    masks: np.ndarray
    raw_masks: np.ndarray | None = None
    unrefined: np.ndarray | None = None
    without_crf: bool = False
