"""What every predictor returns for a photo: the network's as well as the baselines'."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Prediction:
    """One photo's prediction.

    Attributes:
        labels: uint8 [H, W], 0 is background and i+1 is class i.
        scores: float32 [C] in [0, 1], how probable it is that each class is in the photo.
        masks: float32 [H, W, 1+C] in [0, 1]; `labels` is their arg max.
    """

    labels: np.ndarray
    scores: np.ndarray
    masks: np.ndarray
