"""The pictures of one image that the report's slider goes through: photo, CAM, prediction, after CRF, ground truth."""

import cv2
import numpy as np

from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.visualisation.overlays import overlay

PHOTO, CAM, PREDICTION, AFTER_CRF, GROUND_TRUTH = STAGES = ("Photo", "CAM", "Prediction", "After CRF", "Ground truth")

_LONGEST, _SHORTEST = 480, 240  # of a picture's longer side
_DIMMED = 0.55  # the CAM's photo, so that colours of all classes stand out
_THROUGH = 0.5  # what the strongest CAM takes away of it
_LIGHT = 240  # VOC's colours are half dark: the CAM shows them half way up to this level


def stage_pictures(image: np.ndarray, truth: np.ndarray, prediction: Prediction) -> dict[str, np.ndarray]:
    """Every stage that the prediction has, in their order; large images are shrunk, tiny ones enlarged.

    Args:
        image: uint8 RGB [H, W, 3].
        truth: uint8 [H, W], 255 = ignore.
        prediction: with `raw_masks` there is a CAM, with `unrefined` there is a stage after the CRF.

    Returns:
        {stage: uint8 RGB [h, w, 3]}, all of one size.
    """
    size = _shown_size(*image.shape[:2])
    photo = _resize(image, size)
    refined = prediction.unrefined is not None
    pictures = {PHOTO: photo}
    if prediction.raw_masks is not None:
        pictures[CAM] = _cam(photo, prediction.raw_masks)
    labels = {
        PREDICTION: prediction.unrefined if refined else prediction.labels,
        **({AFTER_CRF: prediction.labels} if refined else {}),
        GROUND_TRUTH: truth,
    }
    return pictures | {stage: _tinted(photo, _resize_labels(value, size)) for stage, value in labels.items()}


def _tinted(photo: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """An overlay whose outlines show on any photo: white around them, and drawn along the image's border, too."""
    photo, labels = (cv2.copyMakeBorder(part, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0) for part in (photo, labels))
    picture = overlay(photo, labels)
    picture[(labels == 0) & (cv2.dilate(labels, np.ones((3, 3), np.uint8)) > 0)] = 255
    return picture[1:-1, 1:-1]


def _cam(photo: np.ndarray, raw_masks: np.ndarray) -> np.ndarray:
    """The photo in dark grey; on it each pixel's strongest foreground class in its colour, as strong as its mask."""
    height, width = photo.shape[:2]
    foreground = raw_masks[..., 1:]
    strength = _resize(foreground.max(axis=-1).astype(np.float32), (height, width))[..., np.newaxis]
    strongest = _resize_labels(1 + foreground.argmax(axis=-1).astype(np.uint8), (height, width))
    grey = _DIMMED * cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., np.newaxis]
    colours = voc_palette().astype(np.float32)
    colours *= np.sqrt(_LIGHT / np.maximum(colours.max(axis=-1, keepdims=True), 1))
    return np.round(grey + strength * (colours[strongest] - _THROUGH * grey)).clip(0, 255).astype(np.uint8)


def _shown_size(height: int, width: int) -> tuple[int, int]:
    longest = max(height, width)
    factor = _LONGEST / longest if longest > _LONGEST else -(-_SHORTEST // longest)
    return max(1, round(height * factor)), max(1, round(width * factor))


def _resize(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Area averages when shrinking; pixel by pixel when enlarging, so that a small scene looks like what it is."""
    shrinks = size[0] < picture.shape[0]
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST)


def _resize_labels(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)
