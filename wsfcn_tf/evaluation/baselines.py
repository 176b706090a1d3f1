"""Predictors without a network, which show how much of a score the data gives away."""

from collections.abc import Callable

import numpy as np

from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.inference.prediction import Prediction

# Four levels each of red, green and blue, and how far the background is tied to the colours of all images: both are
# the settings that predict the tags and colours of held-out training scenes best. Masks had no part in it.
_BITS = 2
_BINS = 1 << (3 * _BITS)
_ANCHOR = 0.3


def all_background(num_classes: int) -> Callable[[np.ndarray], Prediction]:
    """A predictor that finds none of the `num_classes` foreground classes anywhere."""

    def predict(image: np.ndarray) -> Prediction:
        masks = np.zeros((*image.shape[:2], 1 + num_classes), np.float32)
        masks[..., 0] = 1.0
        return Prediction(np.zeros(image.shape[:2], np.uint8), np.zeros(num_classes, np.float32), masks)

    return predict


class ColourClassifier:
    """Labels each pixel by its colour alone, having seen photos and tags but no masks.

    Args:
        weights: float [1+C, bins], positive: how much of all images is of each class and colour.
    """

    def __init__(self, weights: np.ndarray) -> None:
        self._posterior = (weights / weights.sum(axis=0)).T.astype(np.float32)

    @classmethod
    def fit(cls, dataset: Dataset, split: str, iterations: int = 50) -> "ColourClassifier":
        """Learns from the photos and the tags of a split."""
        names = dataset.names(split)
        histograms = np.stack([histogram(dataset.image(name)) for name in names])
        tags = np.stack([dataset.tags(name) for name in names])
        return cls(fit_colours(histograms, tags, iterations))

    def __call__(self, image: np.ndarray) -> Prediction:
        """Predicts a photo, uint8 RGB [H, W, 3]; a class's score is the share of the photo it is expected to cover."""
        masks = self._posterior[colour_bins(image)]
        return Prediction(masks.argmax(axis=-1).astype(np.uint8), masks[..., 1:].mean(axis=(0, 1)), masks)


def colour_bins(image: np.ndarray) -> np.ndarray:
    """The colour bin of each pixel: uint8 RGB [..., 3] to int32 [...]."""
    red, green, blue = np.moveaxis(image.astype(np.int32) >> (8 - _BITS), -1, 0)
    return (red << (2 * _BITS)) | (green << _BITS) | blue


def histogram(image: np.ndarray) -> np.ndarray:
    """The share of each colour bin in a photo, float64 [bins]."""
    bins = colour_bins(image)
    return np.bincount(bins.ravel(), minlength=_BINS) / bins.size


def fit_colours(histograms: np.ndarray, tags: np.ndarray, iterations: int) -> np.ndarray:
    """Explains the images' colours as those of the background, in every image, plus those of the image's tags.

    A topic model fitted by EM, whose topics are the background and the tags. Left alone, a tag would take over the
    backgrounds that its images happen to have. So the background also has to explain images without any tag: 0.3
    times as many as there are, of the average colours.

    Args:
        histograms: [N, bins], each row the shares of the colours in an image.
        tags: [N, C] in {0, 1}.
        iterations: of EM.

    Returns:
        float64 [1+C, bins]: how much of all images is of each class and colour. The background has some of every one.
    """
    holds = np.pad(tags.astype(np.float64), ((0, 0), (1, 0)), constant_values=1.0)
    images, bins = histograms.shape
    average = (histograms.sum(axis=0) + 1 / bins) / (images + 1)  # one evenly coloured image: no colour is impossible
    anchor = _ANCHOR * images
    observed = np.vstack([histograms, anchor * average])
    exposure = np.vstack([holds, anchor * np.eye(1, holds.shape[1])])
    colours = np.tile(average, (holds.shape[1], 1))
    occurrences = np.maximum(exposure.sum(axis=0), 1.0)[:, np.newaxis]  # a tag that no image has explains nothing
    for _ in range(iterations):
        colours *= exposure.T @ (observed / (exposure @ colours)) / occurrences
    return colours * holds.mean(axis=0)[:, np.newaxis]
