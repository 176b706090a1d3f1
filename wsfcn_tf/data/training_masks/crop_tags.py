"""Which of a photo's tags a crop of it shows: where masks tell, crops take apart what always comes together."""

import numpy as np

from wsfcn_tf.data.masks.png import IGNORE


def tags_in_sight(tags: np.ndarray, photo: np.ndarray, view: np.ndarray, least: float) -> np.ndarray:
    """A photo's tags without those of which next to nothing is in a crop.

    Args:
        tags: float32 [C] in {0, 1}.
        photo: uint8 [H,W], the photo's labels: 0..C, 255 = unknown. If some pixel is unknown, all tags stay.
        view: uint8 [S,S], the crop's, likewise.
        least: a tag stays where its class covers at least so many times the share of the crop that it covers of the
            photo; 0 keeps all tags. One whose class has no pixel in the photo's labels stays.

    Returns:
        float32 [C] in {0, 1}.
    """
    if (photo == IGNORE).any():  # of a thing that points or strokes mark, a crop without them may show all the rest
        return tags
    return tags * (_shares(view, len(tags)) >= least * _shares(photo, len(tags)))


def _shares(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(labels.ravel(), minlength=classes + 1)[1 : classes + 1] / np.float32(labels.size)
