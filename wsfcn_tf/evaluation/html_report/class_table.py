"""What the page's table of classes shows: IoU, precision, recall and how common each class is."""

import math
from typing import NamedTuple

import numpy as np

from wsfcn_tf.evaluation.evaluator import Metrics


class ClassRow(NamedTuple):
    """A class with its label, and its IoU, precision, recall and share of the true pixels; NaN where undefined."""

    label: int
    name: str
    iou: float
    precision: float
    recall: float
    pixels: float


def class_rows(metrics: Metrics) -> list[ClassRow]:
    """All classes, best IoU first, those that are nowhere last."""
    confusion = metrics.confusion.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.diag(confusion) / confusion.sum(axis=0)
        recall = np.diag(confusion) / confusion.sum(axis=1)
        pixels = confusion.sum(axis=1) / confusion.sum()
    columns = zip(metrics.class_iou.items(), precision.tolist(), recall.tolist(), pixels.tolist(), strict=True)
    rows = [ClassRow(label, *named, *shares) for label, (named, *shares) in enumerate(columns)]
    return sorted(rows, key=lambda row: math.inf if math.isnan(row.iou) else -row.iou)
