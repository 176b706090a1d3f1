"""Adding up what images contribute to the metrics, one by one."""

from collections.abc import Sequence

import numpy as np

from wsfcn_tf.evaluation.metrics.bootstrap import interval, resampled_counts
from wsfcn_tf.evaluation.metrics.boundary import band_width, boundary_matrix, trimap_matrix
from wsfcn_tf.evaluation.metrics.formulas import (
    class_counts,
    confusion_matrix,
    iou_of_counts,
    mean,
    mean_average_precision,
)
from wsfcn_tf.evaluation.metrics.per_image import PerImage
from wsfcn_tf.evaluation.metrics.results import Metrics


class Accumulator:
    """Takes one image after the other; what it keeps of each is a few hundred bytes.

    Args:
        class_names: of the foreground; class_names[i] is label i + 1.
    """

    def __init__(self, class_names: Sequence[str]) -> None:
        labels = 1 + len(class_names)
        self._per_image = PerImage(("background", *class_names))
        self._confusion = np.zeros((labels, labels), np.int64)
        self._boundary = np.zeros((labels + 1, labels + 1), np.int64)
        self._trimap = np.zeros((labels, labels), np.int64)
        self._tags: list[np.ndarray] = []
        self._scores: list[np.ndarray] = []

    def add(self, name: str, truth: np.ndarray, labels: np.ndarray, scores: np.ndarray | None) -> None:
        """Adds an image.

        Args:
            name: the image's.
            truth: uint8 [H, W], 0..C, 255 = ignore.
            labels: uint8 [H, W], 0..C, the predicted ones.
            scores: float [C], how probable it is that each class is in the image; None if that is not known, which
                leaves the image out of mAP.

        Raises:
            ValueError: shapes differ, or a label is out of range.
        """
        num_labels = len(self._confusion)
        matrix = confusion_matrix(truth, labels, num_labels)
        width = band_width(*truth.shape)
        self._confusion += matrix
        self._boundary += boundary_matrix(truth, labels, num_labels, width)
        self._trimap += trimap_matrix(truth, labels, num_labels, width)
        self._per_image.add(name, matrix)
        if scores is not None:
            self._tags.append(class_counts(matrix)[1, 1:] > 0)
            self._scores.append(np.array(scores, np.float32))

    def metrics(self) -> Metrics:
        """The metrics of all images so far, at least one."""
        (resampled,) = resampled_counts([self._per_image.class_counts()])
        scored = len(self._scores) > 0
        return Metrics(
            class_names=self._per_image.class_names,
            confusion=self._confusion.copy(),
            boundary=self._boundary.copy(),
            trimap=self._trimap.copy(),
            map=mean_average_precision(np.stack(self._tags), np.stack(self._scores)) if scored else float("nan"),
            miou_interval=interval(mean(iou_of_counts(resampled))),
            per_image=self._per_image,
        )
