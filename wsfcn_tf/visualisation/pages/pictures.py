"""Pictures for a page: encoded."""

import io

import numpy as np
from PIL import Image

_QUALITY = 78


def encode(picture: np.ndarray) -> bytes:
    """A picture, uint8 [H,W,3], as WebP: half of JPEG's bytes, and every browser since 2020 shows it."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="WEBP", quality=_QUALITY)
    return buffer.getvalue()
