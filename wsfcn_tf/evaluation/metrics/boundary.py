"""How well borders are met: boundary IoU (Cheng et al. 2021, arXiv 2103.16562) and the trimap metrics.

Both look at bands along contours only, where the errors are that the many pixels inside of things hide.
"""

import cv2
import numpy as np

from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix, count_pairs, iou

_SHARE = 0.02  # of the diagonal: the paper's choice


def band_width(height: int, width: int) -> int:
    """How many pixels deep the bands are: 2 % of the image's diagonal, at least 1 (12 for 500x375)."""
    return max(1, round(_SHARE * float(np.hypot(height, width))))


def boundary_matrix(truth: np.ndarray, prediction: np.ndarray, num_classes: int, width: int) -> np.ndarray:
    """Compares the bands of truth and prediction; add up the matrices of many images.

    A class's band are its pixels within `width` (in the larger of the two directions) of a pixel that is not of the
    class, or of the image's frame: what an erosion by a square takes away, as in the authors' code, which does that to
    one binary mask at a time. Where the truth is 255, nothing is counted, and contours are found as if the prediction
    were right there: VOC's ignored outlines would otherwise be a contour of their own, which no prediction can meet.

    Args:
        truth: uint8 [H, W], 0..K-1 or 255.
        prediction: uint8 [H, W], 0..K-1.
        num_classes: K, background included, at most 255.
        width: in pixels, see `band_width`.

    Returns:
        int64 [K + 1, K + 1], rows truth, columns prediction; the last of each are the pixels in no band.
    """
    counted = truth != IGNORE
    true_band = contour_band(np.where(counted, truth, prediction), width, frame=True) & counted
    predicted_band = contour_band(prediction, width, frame=True) & counted
    outside = np.uint8(num_classes)
    rows, columns = np.where(true_band, truth, outside), np.where(predicted_band, prediction, outside)
    return count_pairs(rows, columns, num_classes + 1)[: num_classes + 1]


def boundary_iou(matrix: np.ndarray) -> np.ndarray:
    """The IoU of each class's two bands, over all images of a `boundary_matrix`: float64 [K]; NaN for one without."""
    return iou(matrix)[:-1]


def trimap_matrix(truth: np.ndarray, prediction: np.ndarray, num_classes: int, width: int) -> np.ndarray:
    """The confusion matrix of the pixels near a true contour (Kohli et al. 2009).

    Near are those within `width`, in the larger of the two directions, of a pixel with another label; 255 is a label
    here, as VOC's ignored outlines are where the contours are, but is not counted. The frame is no contour.

    Args:
        truth: uint8 [H, W], 0..K-1 or 255.
        prediction: uint8 [H, W], 0..K-1.
        num_classes: K, background included.
        width: in pixels, see `band_width`.

    Returns:
        int64 [K, K], rows truth, columns prediction.
    """
    near = np.where(contour_band(truth, width, frame=False), truth, np.uint8(IGNORE))
    return confusion_matrix(near, prediction, num_classes)


def contour_band(labels: np.ndarray, width: int, frame: bool) -> np.ndarray:
    """The pixels within `width` of one with another label or, with `frame`, of the outside: bool [H, W].

    Args:
        labels: uint8 [H, W].
        width: in pixels, in the larger of the two directions, at least 1.
        frame: whether what is outside of the image is a label of its own.
    """
    square = np.ones((3, 3), np.uint8)  # so often is the same as one large square, and sooner done
    band = (cv2.erode(labels, square, iterations=width) != labels) | (
        cv2.dilate(labels, square, iterations=width) != labels
    )
    if frame:
        band[:width] = band[-width:] = True
        band[:, :width] = band[:, -width:] = True
    return band
