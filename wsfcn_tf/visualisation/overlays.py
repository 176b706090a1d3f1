"""Masks in the palette's colours, and on their photos. uint8 RGB throughout."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.files import replacing


def colourise(labels: np.ndarray) -> np.ndarray:
    """The VOC palette's colours for labels uint8 [H, W]: background black, ignore (255) off-white; [H, W, 3]."""
    return voc_palette()[labels]


def overlay(image: np.ndarray, labels: np.ndarray, alpha: float = 0.5) -> np.ndarray:
    """Tints the labelled pixels of a photo [H, W, 3] and outlines their regions; background (0) stays as it is.

    Args:
        image: the photo.
        labels: uint8 [H, W].
        alpha: how much of the tint is the label's colour.
    """
    outline = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    weight = np.where(outline, 1.0, alpha) * (labels > 0)
    mixed = image + weight[..., np.newaxis] * (colourise(labels) - image.astype(np.float64))
    return np.round(mixed).astype(np.uint8)


def save_image(path: str | Path, image: np.ndarray) -> None:
    """Writes a picture in the format of the path's suffix, all or nothing."""
    with replacing(path) as temporary:
        Image.fromarray(image).save(temporary, quality=92)
