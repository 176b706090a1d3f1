import numpy as np
import pytest
from networks import noise

from wsfcn_tf.models.decoder.pooling import GlobalWeightedPooling


@pytest.mark.parametrize("focal_lambda", [0.01, 0.1])
def test_formula(focal_lambda):
    logits = 3 * noise(2, 4, 5, 1 + 3)
    masks = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = np.empty((2, 3))
    for image, c in np.ndindex(2, 3):
        x, m = logits[image, ..., c + 1], masks[image, ..., c + 1]
        focal = (1 - m.mean()) ** 3 * np.log(focal_lambda + m.mean())
        expected[image, c] = (x * m).sum() / (1 + m.sum()) + focal
    np.testing.assert_allclose(GlobalWeightedPooling(focal_lambda)([logits, masks]), expected, rtol=1e-5)


def test_a_mask_that_covers_nothing_is_penalised():
    logits = np.zeros((1, 4, 4, 2), np.float32)
    scores = GlobalWeightedPooling(0.01)([logits, np.zeros_like(logits)])
    np.testing.assert_allclose(scores, [[np.log(0.01)]], rtol=1e-5)
