"""The field's metrics as pure functions on NumPy arrays."""

import numpy as np

from wsfcn_tf.data.masks import IGNORE


def confusion_matrix(truth: np.ndarray, prediction: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts pixels by their true (row) and predicted (column) label; add up the matrices of many images.

    Args:
        truth: integer labels of any shape, in 0..num_classes-1, or 255 where the pixel does not count.
        prediction: integer labels of the same shape, in 0..num_classes-1.
        num_classes: K, background included.

    Returns:
        int64 [K, K].

    Raises:
        ValueError: shapes differ, or a label is out of range.
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"truth has shape {truth.shape}, prediction {prediction.shape}")
    counted = truth != IGNORE
    for name, labels in (("truth", truth[counted]), ("prediction", prediction)):
        if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
            raise ValueError(f"{name} holds labels {labels.min()} to {labels.max()}: expected 0 to {num_classes - 1}")
    pairs = truth[counted].astype(np.int64) * num_classes + prediction[counted]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def iou(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union per class, float64 [K]; NaN for a class in neither the truth nor the prediction."""
    intersection = np.diag(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - intersection
    return _ratio(intersection, union)


def mean_iou(matrix: np.ndarray) -> float:
    """mIoU, background included; classes in neither the truth nor the prediction are left out. NaN without any."""
    return _mean(iou(matrix))


def pixel_accuracy(matrix: np.ndarray) -> float:
    """The share of counted pixels that are right; NaN if no pixel counts."""
    return float(_ratio(np.trace(matrix), matrix.sum()))


def average_precision(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Average precision of each class's ranking of the images: the sum of precision times gain in recall.

    Not interpolated; images of equal score enter together, as one threshold (as scikit-learn does it).

    Args:
        truth: bool or {0, 1}, [N, C]: which image holds which class.
        scores: float [N, C], higher for more probable.

    Returns:
        float64 [C]; NaN for a class that no image holds.
    """
    return np.array([_average_precision(t, s) for t, s in zip(truth.T, scores.T, strict=True)])


def mean_average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    """mAP: the mean of `average_precision` over the classes that some image holds; NaN if there are none."""
    return _mean(average_precision(truth, scores))


def _average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order].astype(np.int64))
    # A threshold lies behind the last image of each run of equal scores.
    last = np.flatnonzero(np.append(np.diff(scores[order]), -1) != 0)
    precision = hits[last] / (last + 1)
    recall = _ratio(hits[last], hits[-1])
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The ratio part / whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)


def _mean(values: np.ndarray) -> float:
    """The mean of what is not NaN; NaN without any."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
