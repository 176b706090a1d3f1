"""Looking at a photo in another size, for the views of `inference.scales` (release)."""

import numpy as np
from PIL import Image


def scaled(image: np.ndarray, scale: float) -> np.ndarray:
    """The photo at another size, by Pillow's antialiased bicubic, as in training.

    Args:
        image: uint8 [H, W, 3].
        scale: the new sides over the old ones.

    Returns:
        uint8 [max(1, round(H scale)), max(1, round(W scale)), 3]; the photo itself at scale 1.
    """
    if scale == 1:
        return image
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
