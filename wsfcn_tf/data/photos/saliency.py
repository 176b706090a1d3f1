"""What stands out from a photo's border, with nothing learnt: where things are likelier than background.

A network that has only tags cannot tell a thing from what always comes with it: boats from water, bags from streets.
Photos can, for what reaches far along their borders is mostly background. "Minimum barrier salient object detection at
80 FPS" (Zhang et al., ICCV 2015): a pixel's distance to the border is the least range of colours that a path from there
has to cross, and to it comes how unlike the border strips' colours its own is.
"""

import cv2
import numpy as np

from wsfcn_tf.data.compiled import compiled

SIDE = 160  # of the photo that is looked at: the longer side; at most the photo's own
_SCANS = 6  # over the pixels, forwards and backwards in turn; after three, the distance is close to exact
_STRIP = 0.1  # the width of the strips along the border, in shorter sides
_NOISE = 5.0  # variance that every strip's colours have at least, in 8-bit Lab


def saliency(photo: np.ndarray) -> np.ndarray:
    """How far each pixel stands out from the photo's border, less the threshold between standing out and not.

    The threshold is Otsu's, so that the sign says on which side a pixel lies.

    Args:
        photo: uint8 [H, W, 3], RGB.

    Returns:
        float32 [H, W] in [-1, 1]; 0 where all is one colour.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.GaussianBlur(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), (0, 0), 1)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    total = _to_unit(barrier_distance(lab)) + _to_unit(strip_distance(lab))
    levels = np.round(_to_unit(total) * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)
    relative = (levels.astype(np.float32) - np.float32(threshold)) / 255
    return cv2.resize(relative, (width, height), interpolation=cv2.INTER_LINEAR)


def strip_distance(lab: np.ndarray) -> np.ndarray:
    """Mahalanobis distance to the colours of the four strips along the border, without the farthest strip.

    A thing that touches one border is thus not taken for background (section 3.3 there).

    Args:
        lab: float32 [h, w, 3].

    Returns:
        float32 [h, w], the sum of three distances, each of 0 to 1.
    """
    width = max(1, int(_STRIP * min(lab.shape[:2])))
    distances = []
    for strip in (lab[:width], lab[-width:], lab[:, :width], lab[:, -width:]):
        colours = strip.reshape(-1, 3)
        away = lab - colours.mean(axis=0)
        precision = np.linalg.inv(np.cov(colours.T, bias=True) + _NOISE * np.eye(3)).astype(np.float32)
        distances.append(_to_unit(np.sqrt(((away @ precision) * away).sum(axis=-1))))
    return np.sum(distances, axis=0) - np.max(distances, axis=0)


@compiled
def barrier_distance(lab: np.ndarray) -> np.ndarray:
    """The minimum barrier distance to the border, approximately: raster scans (FastMBD, section 3.2 there).

    Args:
        lab: float32 [h, w, K].

    Returns:
        float32 [h, w], the sum over channels of the least range (greatest - least value) on a path from the border.
    """
    height, width, channels = lab.shape
    total = np.zeros((height, width), np.float32)
    for channel in range(channels):
        values = lab[..., channel]
        highest, lowest = values.copy(), values.copy()
        distance = np.full((height, width), np.inf, np.float32)
        distance[0], distance[-1], distance[:, 0], distance[:, -1] = 0, 0, 0, 0
        for scan in range(_SCANS):
            back = 1 if scan % 2 else -1  # towards the pixels that this scan has seen already
            for row in range(1, height - 1):
                i = height - 1 - row if scan % 2 else row
                for column in range(1, width - 1):
                    j = width - 1 - column if scan % 2 else column
                    for k, m in ((i + back, j), (i, j + back)):
                        high, low = max(highest[k, m], values[i, j]), min(lowest[k, m], values[i, j])
                        if high - low < distance[i, j]:
                            distance[i, j], highest[i, j], lowest[i, j] = high - low, high, low
        total += distance
    return total


def _to_unit(values: np.ndarray) -> np.ndarray:
    return values / max(float(values.max()), 1e-3)  # less is rounding
