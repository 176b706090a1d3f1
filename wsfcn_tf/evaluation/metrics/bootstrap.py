"""How much a figure would vary with other images: the percentile bootstrap over images (Efron 1979)."""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 1000
_CHUNK = 50  # resamples at a time: their weights for 40,000 images take 16 MB


def resampled_counts(counts: Sequence[np.ndarray], seed: int = 0, resamples: int = RESAMPLES) -> list[np.ndarray]:
    """Draws as many images as there are, with replacement, again and again, and adds up what was counted in them.

    Args:
        counts: for each predictor, float64 or int64 [N, 3, K], the `class_counts` of the same N images, at least one.
            All get the same draws, so that their differences can be looked at (a paired bootstrap).
        seed: of the draws.
        resamples: R, how often.

    Returns:
        For each predictor, float64 [R, 3, K], whole numbers.
    """
    images = len(counts[0])
    flat = [np.asarray(each, np.float64).reshape(images, -1) for each in counts]  # float64 is exact, and has BLAS
    generator = np.random.default_rng(seed)
    sums: list[list[np.ndarray]] = [[] for _ in counts]
    for start in range(0, resamples, _CHUNK):
        draws = (generator.integers(images, size=images) for _ in range(min(_CHUNK, resamples - start)))
        weights = np.stack([np.bincount(draw, minlength=images) for draw in draws]).astype(np.float64)
        for of_predictor, each in zip(sums, flat, strict=True):
            of_predictor.append(weights @ each)
    return [np.concatenate(parts).reshape(-1, *counts[0].shape[1:]) for parts in sums]


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of resampled values [R]: their 2.5th and 97.5th percentiles; NaN left out, NaN without any."""
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
