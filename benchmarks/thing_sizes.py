"""A class on a photo by how much of it it covers: how much of it is found, and how much of what is found is right.

A thing is all of one class on one photo.
"""

import numpy as np

HEADER = ("share of the photo", "things", "recall", "precision", "IoU", "predicted area / true area")
_BOUNDS = (0.02, 0.05, 0.15)
_NAMES = ("below 2 %", "2 to 5 %", "5 to 15 %", "above 15 %")


class ThingSizes:
    """Counts pixels of each class of each photo; what is predicted of a class on photos without it is not counted."""

    def __init__(self) -> None:
        self._pixels = np.zeros([len(_NAMES), 4])  # things, and pixels that are true, predicted, both

    def add(self, truth: np.ndarray, prediction: np.ndarray) -> None:
        """Adds a photo: uint8 [H, W] both; 0 background, 255 in the truth is not counted."""
        counted = truth != 255
        for label in np.unique(truth[counted & (truth > 0)]):
            true, predicted = truth == label, (prediction == label) & counted
            size = np.digitize(true.sum() / counted.sum(), _BOUNDS)
            self._pixels[size] += 1, true.sum(), predicted.sum(), (true & predicted).sum()

    def rows(self) -> list[tuple[str, ...]]:
        """A row of HEADER for each size that there is; pixels of all things of a size are added up first."""
        return [
            (name, f"{things:.0f}", *(f"{100 * part / whole:.0f} %" if whole else "" for part, whole in parts), ratio)
            for name, (things, true, predicted, both) in zip(_NAMES, self._pixels, strict=True)
            if things
            for parts in [((both, true), (both, predicted), (both, true + predicted - both))]
            for ratio in [f"{predicted / true:.2f}"]
        ]
