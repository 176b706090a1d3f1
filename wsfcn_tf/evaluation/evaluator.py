"""Scoring a predictor on a split of a dataset that has masks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from wsfcn_tf.data.dataset import Dataset
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation import metrics
from wsfcn_tf.inference.prediction import Prediction


@dataclass(frozen=True, eq=False)
class Metrics:
    """The scores of one predictor on one split; shares in [0, 1], NaN where there is nothing to score.

    Attributes:
        miou: over the classes in the truth or the prediction, background included.
        pixel_accuracy: share of the pixels that count.
        class_iou: from class name to IoU, "background" first.
        map: mAP of the image-level scores; an image's true classes are those of its mask.
        images: how many were scored.
        confusion: int64 [1+C, 1+C], rows truth, columns prediction, in the order of `class_iou`.
    """

    miou: float
    pixel_accuracy: float
    class_iou: dict[str, float]
    map: float
    images: int
    confusion: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """A dictionary for `json.dumps`: NaN, which JSON lacks, becomes None."""
        return {
            "miou": _json_number(self.miou),
            "pixel_accuracy": _json_number(self.pixel_accuracy),
            "map": _json_number(self.map),
            "images": self.images,
            "class_iou": {name: _json_number(value) for name, value in self.class_iou.items()},
            "confusion": self.confusion.tolist(),
        }


def evaluate(
    predict: Callable[[np.ndarray], Prediction],
    dataset: Dataset,
    split: str,
    *,
    on_image: Callable[[str, np.ndarray, np.ndarray, Prediction], None] | None = None,
    progress: bool = True,
) -> Metrics:
    """Predicts every image of a split and compares it with its mask.

    Args:
        predict: from a photo, uint8 RGB [H, W, 3], to its prediction.
        dataset: photos and masks.
        split: which of its splits.
        on_image: called after each image with its name, the photo, the true mask and the prediction.
        progress: whether to show a progress bar.

    Raises:
        UserError: a mask is missing or has another size than its photo; or from the dataset.
    """
    names = dataset.names(split)
    labels = ("background", *dataset.class_names)
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    tags, scores = [], []
    for name in tqdm(names, desc="evaluate", unit="photo", disable=not progress):
        image, truth = dataset.image(name), dataset.mask(name)
        _check_sizes(name, image, truth)
        prediction = predict(image)
        confusion += metrics.confusion_matrix(truth, prediction.labels, len(labels))
        tags.append(np.isin(np.arange(1, len(labels)), truth))
        scores.append(prediction.scores)
        if on_image is not None:
            on_image(name, image, truth, prediction)
    return Metrics(
        miou=metrics.mean_iou(confusion),
        pixel_accuracy=metrics.pixel_accuracy(confusion),
        class_iou=dict(zip(labels, metrics.iou(confusion).tolist(), strict=True)),
        map=metrics.mean_average_precision(np.stack(tags), np.stack(scores)),
        images=len(names),
        confusion=confusion,
    )


def _check_sizes(name: str, image: np.ndarray, mask: np.ndarray) -> None:
    if mask.shape != image.shape[:2]:
        (height, width), (mask_height, mask_width) = image.shape[:2], mask.shape
        raise UserError(
            f"{name}: the photo is {width}x{height} pixels but its mask {mask_width}x{mask_height}: mend one of them"
        )


def _json_number(value: float) -> float | None:
    return None if math.isnan(value) else value
