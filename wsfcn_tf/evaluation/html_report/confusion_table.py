"""Which confusions the page lists below its confusion matrix."""

from typing import NamedTuple

import numpy as np


class Confusion(NamedTuple):
    """Pixels of the class `truth` that were labelled `prediction`; their share of all of `truth`."""

    truth: int
    prediction: int
    pixels: int
    share: float


def largest_confusions(confusion: np.ndarray, count: int) -> list[Confusion]:
    """Those of the most pixels between two foreground classes, largest first; none without a pixel.

    Args:
        confusion: pixels, int64 [1+C, 1+C], rows truth.
        count: how many at most.
    """
    wrong = np.where(np.eye(len(confusion), dtype=bool), 0, confusion)
    wrong[0], wrong[:, 0] = 0, 0
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    pairs = (divmod(int(index), len(confusion)) for index in order if wrong.flat[index] > 0)
    return [Confusion(*pair, int(wrong[pair]), float(wrong[pair] / confusion[pair[0]].sum())) for pair in pairs]
