"""Scoring a predictor on a split of a dataset that has masks."""

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
from tqdm import tqdm

from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.masks.mask_values import setting_for
from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.metrics.accumulator import Accumulator
from wsfcn_tf.evaluation.metrics.results import Metrics
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import Photo, Predict


def evaluate(
    predict: Predict,
    dataset: Dataset,
    split: str,
    *,
    tags_of: Callable[[str, np.ndarray], np.ndarray] | None = None,
    on_image: Callable[[str, np.ndarray, np.ndarray, Prediction], None] | None = None,
    progress: bool = True,
) -> Metrics:
    """Predicts every image of a split and compares it with its mask.

    Args:
        predict: from photos to their predictions.
        dataset: photos and masks.
        split: which of its splits.
        tags_of: from an image's name and true mask to the tags that `predict` is given, float32 [C]; None gives none.
        on_image: called after each image with its name, the photo, the true mask and the prediction.
        progress: whether to show a progress bar.

    Raises:
        UserError: a mask is missing or has another size than its photo, or no mask holds a class; or from the dataset.
    """
    names = dataset.names(split)
    accumulator = Accumulator(dataset.class_names)
    ignores = False  # whether any mask has pixels to ignore
    truths: deque[np.ndarray] = deque()  # of the photos that the predictor has read ahead

    def photos() -> Iterator[Photo]:
        for name in names:
            image, truth = dataset.image(name), dataset.mask(name)
            _check_sizes(name, image, truth)
            truths.append(truth)
            yield Photo(name, image, tags_of(name, truth) if tags_of else None)

    predictions = tqdm(predict(photos()), total=len(names), desc="evaluate", unit="photo", disable=not progress)
    for photo, prediction in predictions:
        truth = truths.popleft()
        ignores = ignores or bool((truth == IGNORE).any())
        accumulator.add(photo.name, truth, prediction.labels, prediction.scores)
        if on_image is not None:
            on_image(photo.name, photo.image, truth, prediction)
    metrics = accumulator.metrics()
    if ignores and not metrics.confusion[1:].any():
        raise UserError(
            f"the masks of {split} hold no class, only background (0) and what is to be ignored (255): there is "
            "nothing to compare with; if 255 is where the thing is, say so: "
            f"--set {setting_for((0, IGNORE), dataset.class_names)}"
        )
    return metrics


def tags_in(mask: np.ndarray, classes: int) -> np.ndarray:
    """The foreground classes that have pixels in a mask [H, W]: float32 [C] in {0, 1}."""
    return np.isin(np.arange(1, classes + 1), mask).astype(np.float32)


def ground_truth_tags(dataset: Dataset, split: str) -> tuple[Callable[[str, np.ndarray], np.ndarray], str]:
    """What `evaluate` takes as `tags_of` for the paper's "§" rows.

    Args:
        dataset: where tags come from, if it has them for the split.
        split: the split.

    Returns:
        The function, and where its tags come from: "the data's tags" or, if the first image has none, "the masks".
    """
    try:
        dataset.tags(dataset.names(split)[0])
    except UserError:
        return (lambda name, truth: tags_in(truth, len(dataset.class_names))), "the masks"
    return (lambda name, truth: dataset.tags(name)), "the data's tags"


def _check_sizes(name: str, image: np.ndarray, mask: np.ndarray) -> None:
    if mask.shape != image.shape[:2]:
        (height, width), (mask_height, mask_width) = image.shape[:2], mask.shape
        raise UserError(
            f"{name}: the photo is {width}x{height} pixels but its mask {mask_width}x{mask_height}: mend one of them"
        )
