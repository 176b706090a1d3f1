"""The Semantic Boundaries Dataset (Hariharan et al., ICCV 2011): masks of 11,355 VOC 2011 images, in MATLAB files."""

import io
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from wsfcn_tf.data.photos.images import read_bytes
from wsfcn_tf.errors import UserError


def read_sbd_mask(path: Path, num_classes: int) -> np.ndarray:
    """Reads the class mask in cls/NAME.mat as uint8 [H,W], 0..num_classes; SBD has no pixels to ignore.

    Raises:
        UserError: the file is broken, is not a class mask, or holds a label outside the classes.
    """
    data = read_bytes(path)
    try:
        content = loadmat(io.BytesIO(data), struct_as_record=False, squeeze_me=True)
    except Exception as error:  # scipy raises whatever its parser stumbles on
        raise UserError(f"{path}: cannot be read as a MATLAB file ({type(error).__name__}): get it again") from None
    labels = getattr(content.get("GTcls"), "Segmentation", None)
    if not isinstance(labels, np.ndarray) or labels.ndim != 2:
        raise UserError(f"{path}: holds no GTcls.Segmentation: take SBD's folder cls, which has the class masks")
    if labels.size and not 0 <= labels.min() <= labels.max() <= num_classes:
        raise UserError(f"{path}: label {labels.max()} is outside the classes (0 to {num_classes})")
    return labels.astype(np.uint8)
