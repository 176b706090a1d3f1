"""Scoring a predictor on a split of a dataset that has masks."""

from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from wsfcn_tf.data.dataset import Dataset
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.accumulator import Accumulator
from wsfcn_tf.evaluation.results import Metrics
from wsfcn_tf.inference.prediction import Prediction


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
    accumulator = Accumulator(dataset.class_names)
    for name in tqdm(names, desc="evaluate", unit="photo", disable=not progress):
        image, truth = dataset.image(name), dataset.mask(name)
        _check_sizes(name, image, truth)
        prediction = predict(image)
        accumulator.add(name, truth, prediction.labels, prediction.scores)
        if on_image is not None:
            on_image(name, image, truth, prediction)
    return accumulator.metrics()


def _check_sizes(name: str, image: np.ndarray, mask: np.ndarray) -> None:
    if mask.shape != image.shape[:2]:
        (height, width), (mask_height, mask_width) = image.shape[:2], mask.shape
        raise UserError(
            f"{name}: the photo is {width}x{height} pixels but its mask {mask_width}x{mask_height}: mend one of them"
        )
