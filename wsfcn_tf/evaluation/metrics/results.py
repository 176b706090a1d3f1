"""What an evaluation comes to: counts over all images, and every figure that follows from them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wsfcn_tf.evaluation.metrics import formulas
from wsfcn_tf.evaluation.metrics.boundary import boundary_iou
from wsfcn_tf.evaluation.metrics.formulas import json_number
from wsfcn_tf.evaluation.metrics.per_image import PerImage


@dataclass(frozen=True, eq=False)
class Metrics:
    """The scores of one predictor on one split; shares in [0, 1], NaN where there is nothing to score.

    Attributes:
        class_names: of the K = 1 + C labels, "background" first.
        confusion: int64 [K, K], rows truth, columns prediction.
        boundary: int64 [K + 1, K + 1], the sum of the images' `boundary_matrix`.
        trimap: int64 [K, K], the sum of their `trimap_matrix`.
        map: mAP of the image-level scores; an image's true classes are those of its mask. NaN without scores.
        miou_interval: 95 % bootstrap interval of mIoU over images.
        per_image: each image's confusion matrix.
    """

    class_names: tuple[str, ...]
    confusion: np.ndarray
    boundary: np.ndarray
    trimap: np.ndarray
    map: float
    miou_interval: tuple[float, float]
    per_image: PerImage

    @property
    def images(self) -> int:
        """How many were scored."""
        return len(self.per_image.names)

    @property
    def miou(self) -> float:
        """Over the classes in the truth or the prediction, background included: the field's figure."""
        return formulas.mean_iou(self.confusion)

    @property
    def miou_foreground(self) -> float:
        """The same without the background's IoU; its pixels still count as errors of the others."""
        return float(formulas.mean(formulas.iou(self.confusion)[1:]))

    @property
    def pixel_accuracy(self) -> float:
        """Share of the pixels that count."""
        return formulas.pixel_accuracy(self.confusion)

    @property
    def mean_accuracy(self) -> float:
        """The mean of the classes' recall, background included."""
        return formulas.mean_accuracy(self.confusion)

    @property
    def boundary_iou(self) -> float:
        """The mean of the classes' boundary IoU, background included."""
        return float(formulas.mean(boundary_iou(self.boundary)))

    @property
    def trimap_miou(self) -> float:
        """The mIoU of the pixels near a true contour."""
        return formulas.mean_iou(self.trimap)

    @property
    def trimap_accuracy(self) -> float:
        """The pixel accuracy there."""
        return formulas.pixel_accuracy(self.trimap)

    @property
    def class_iou(self) -> dict[str, float]:
        """From class name to IoU."""
        return self._by_class(formulas.iou(self.confusion))

    @property
    def class_precision(self) -> dict[str, float]:
        """From class name to the share of its predicted pixels that are right."""
        return self._by_class(formulas.precision(self.confusion))

    @property
    def class_recall(self) -> dict[str, float]:
        """From class name to the share of its true pixels that are found."""
        return self._by_class(formulas.recall(self.confusion))

    @property
    def class_boundary_iou(self) -> dict[str, float]:
        """From class name to boundary IoU."""
        return self._by_class(boundary_iou(self.boundary))

    def to_json(self) -> dict[str, Any]:
        """A dictionary for `json.dumps`: NaN, which JSON lacks, becomes None."""
        one = ("miou", "miou_foreground", "pixel_accuracy", "mean_accuracy", "map")
        one += ("boundary_iou", "trimap_miou", "trimap_accuracy")
        by_class = ("class_iou", "class_precision", "class_recall", "class_boundary_iou")
        return (
            {name: json_number(getattr(self, name)) for name in one}
            | {"miou_interval": list(map(json_number, self.miou_interval)), "images": self.images}
            | {name: {key: json_number(value) for key, value in getattr(self, name).items()} for name in by_class}
            | {"confusion": self.confusion.tolist()}
        )

    def _by_class(self, values: np.ndarray) -> dict[str, float]:
        return dict(zip(self.class_names, values.tolist(), strict=True))
