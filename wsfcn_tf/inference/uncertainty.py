"""How uncertain a network is about a photo's mask: entropy, and disagreement between its views."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Uncertainty(NamedTuple):
    """How uncertain a mask is, in shares of the most that can be: log of the number of classes with the background.

    Attributes:
        total: entropy + disagreement, the larger the less certain.
        entropy: of the mean of the views, the mean over the pixels; in [0, 1].
        disagreement: of the views, the mean over the pixels; in [0, entropy].
        label: the class (1 to C) that most of it is about; 0 if there is none of it.
    """

    total: float
    entropy: float
    disagreement: float
    label: int


def uncertainty(views: Iterable[np.ndarray]) -> Uncertainty:
    """Measures how uncertain a photo's mask is.

    With the views' probabilities p_v and their mean m, and H(p) = -sum_c p_c log p_c of a pixel:

        entropy       H(m), entropy sampling (Settles, Active Learning Literature Survey, 2009, 3.1)
        disagreement  H(m) - mean_v H(p_v), the views' Jensen-Shannon divergence: the mean of their divergences from m
                      (of a committee: McCallum and Nigam, ICML 1998; Settles, 3.2)

    both divided by log(1 + C) and averaged over the pixels. Entropy has two causes: each view is unsure (its own
    entropy), or views are sure of different classes (disagreement). Their sum counts the second twice: borders are
    unsure in every photo, while views that differ are seldom right. `label` is the class with the largest sum over the
    pixels of a pixel's share of it, m_c, times the pixel's entropy + disagreement.

    Args:
        views: float [H, W, 1 + C] each, of the same pixels; channel 0 is the background. A pixel's need not add up to
            1: they are divided by their sum. With one view, disagreement is 0.

    Raises:
        ValueError: there are no views.
    """
    mean, own, count = 0.0, 0.0, 0
    for view in views:
        shares = _shares(view)
        mean, own, count = mean + shares, own + _entropy(shares), count + 1
    if count == 0:
        raise ValueError("no views")
    mean, own = mean / count, own / count
    most = np.log(mean.shape[-1])
    entropy = _entropy(mean)
    disagreement = np.maximum(entropy - own, 0)  # rounding
    each = (entropy + disagreement) / most
    by_class = (mean[..., 1:] * each[..., None]).sum(axis=(0, 1))
    label = int(np.argmax(by_class)) + 1 if by_class.max() > 0 else 0
    return Uncertainty(float(each.mean()), float(entropy.mean() / most), float(disagreement.mean() / most), label)


def _shares(view: np.ndarray) -> np.ndarray:
    total = view.sum(axis=-1, keepdims=True, dtype=np.float64)
    return np.divide(view, total, out=np.full(view.shape, 1 / view.shape[-1]), where=total > 0)


def _entropy(shares: np.ndarray) -> np.ndarray:
    """In nats: [..., K] in, [...] out; 0 log 0 is 0."""
    return -np.sum(shares * np.log(shares, out=np.zeros_like(shares), where=shares > 0), axis=-1)
