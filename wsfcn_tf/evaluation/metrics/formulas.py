"""The field's metrics as pure functions on NumPy arrays."""

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE


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
    _check_range("prediction", prediction, num_classes - 1)
    _check_range("truth", truth, IGNORE)
    counts = count_pairs(truth, prediction, num_classes)
    if counts[num_classes:IGNORE].any():
        _check_range("truth", truth[truth != IGNORE], num_classes - 1)
    return counts[:num_classes]


def count_pairs(rows: np.ndarray, columns: np.ndarray, num_columns: int) -> np.ndarray:
    """Counts where two label maps hold which pair of labels; the one pass over the pixels that all metrics rest on.

    Nothing is left out first: counting what will be ignored in a row of its own takes less time than finding it.

    Args:
        rows: integer labels of any shape, in 0..255.
        columns: integer labels of the same shape, in 0..num_columns-1.
        num_columns: at most 256.

    Returns:
        int64 [256, num_columns].
    """
    pairs = rows.astype(np.uint16) * np.uint16(num_columns) + columns  # at most 255 * 256 + 255
    return np.bincount(pairs.ravel(), minlength=256 * num_columns).reshape(256, num_columns)


def class_counts(matrix: np.ndarray) -> np.ndarray:
    """What the metrics need of a confusion matrix: int64 [3, K], each class's hits, true pixels, predicted pixels."""
    return np.stack([np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)])


def iou(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union per class, float64 [K]; NaN for a class in neither the truth nor the prediction."""
    return iou_of_counts(class_counts(matrix))


def iou_of_counts(counts: np.ndarray) -> np.ndarray:
    """The same from `class_counts`: [..., 3, K] to float64 [..., K]."""
    hits, true, predicted = np.moveaxis(counts, -2, 0)
    return _ratio(hits, true + predicted - hits)


def accuracy_of_counts(counts: np.ndarray) -> np.ndarray:
    """`pixel_accuracy` from `class_counts`: [..., 3, K] to float64 [...]."""
    return _ratio(counts[..., 0, :].sum(axis=-1), counts[..., 1, :].sum(axis=-1))


def mean_iou(matrix: np.ndarray) -> float:
    """mIoU, background included; classes in neither the truth nor the prediction are left out. NaN without any."""
    return float(mean(iou(matrix)))


def precision(matrix: np.ndarray) -> np.ndarray:
    """The share of each class's predicted pixels that are right, float64 [K]; NaN for a class never predicted."""
    hits, _, predicted = class_counts(matrix)
    return _ratio(hits, predicted)


def recall(matrix: np.ndarray) -> np.ndarray:
    """The share of each class's true pixels that are found, float64 [K]; NaN for a class that the truth lacks."""
    hits, true, _ = class_counts(matrix)
    return _ratio(hits, true)


def mean_accuracy(matrix: np.ndarray) -> float:
    """The mean of `recall` over the classes in the truth, background included; NaN without any."""
    return float(mean(recall(matrix)))


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
    return float(mean(average_precision(truth, scores)))


def mean(values: np.ndarray) -> np.ndarray:
    """The mean over the last axis of what is not NaN: float64 [...]; NaN without any."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


def json_number(value: float) -> float | None:
    """A figure for `json.dumps`: NaN, which JSON lacks, becomes None."""
    return None if np.isnan(value) else value


def _average_precision(truth: np.ndarray, scores: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order].astype(np.int64))
    # A threshold lies behind the last image of each run of equal scores.
    last = np.flatnonzero(np.append(np.diff(scores[order]), -1) != 0)
    precisions = hits[last] / (last + 1)
    recalls = _ratio(hits[last], hits[-1])
    return float(np.sum(np.diff(recalls, prepend=0.0) * precisions))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The ratio part / whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)


def _check_range(name: str, labels: np.ndarray, most: int) -> None:
    if labels.size and not 0 <= labels.min() <= labels.max() <= most:
        raise ValueError(f"{name} holds labels {labels.min()} to {labels.max()}: expected 0 to {most}")
