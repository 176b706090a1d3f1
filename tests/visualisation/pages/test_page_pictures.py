import io

import numpy as np
from PIL import Image

from wsfcn_tf.visualisation.pages.pictures import encode


def test_encode():
    picture = np.full((30, 40, 3), (200, 30, 90), np.uint8)
    with Image.open(io.BytesIO(encode(picture))) as decoded:
        assert decoded.format == "WEBP"
        np.testing.assert_allclose(np.asarray(decoded.convert("RGB")), picture, atol=8)
    assert encode(picture) == encode(picture)
