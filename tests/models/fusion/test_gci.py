import numpy as np
import pytest
from networks import noise, randomise

from wsfcn_tf.models.fusion.gci import GCI
from wsfcn_tf.ops import resize_align_corners


@pytest.mark.parametrize("training", [False, True])
def test_equations(training):
    low, high = noise(2, 8, 6, 4), noise(2, 4, 3, 5)
    fusion = GCI(6)
    fusion.build([(None, None, None, 4), (None, None, None, 5)])
    randomise(fusion)
    before = np.asarray(fusion.bn_low.moving_mean), np.asarray(fusion.bn_low.moving_variance)
    shallow, deep = fusion([low, high], training=training)

    up = np.asarray(resize_align_corners(high, (8, 6)))
    expected_deep = fusion.decode(np.concatenate([up, fusion.skip(low, training=training)], -1), training=training)
    np.testing.assert_allclose(deep, expected_deep, atol=1e-4)
    cue = np.asarray(fusion.cue(expected_deep, training=training)).max((1, 2))[:, None, None]
    x = low @ np.asarray(fusion.conv_low.kernel)[0, 0]
    mean, variance = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if training else before
    x = (x - mean) / np.sqrt(variance + 1e-5)
    expected = fusion.merge(np.maximum(x * (cue[..., :6] + 1) + cue[..., 6:], 0).astype(np.float32), training=training)
    np.testing.assert_allclose(shallow, expected, atol=1e-3)
