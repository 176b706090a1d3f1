import numpy as np
import pytest
from networks import noise, randomise

from wsfcn_tf.models.fusion.elementwise import ElementwiseFusion
from wsfcn_tf.ops import resize_align_corners

MEET = {"sum": np.add, "product": np.multiply, "concat": lambda h, v: np.concatenate([h, v], -1)}


@pytest.mark.parametrize("operation", MEET)
@pytest.mark.parametrize("training", [False, True])
def test_equations(operation, training):
    low, high = noise(2, 8, 6, 4), noise(2, 4, 3, 8)
    fusion = ElementwiseFusion(5, operation)
    fusion.build([(None, None, None, 4), (None, None, None, 8)])
    randomise(fusion)
    paths = fusion.paths

    def e(name, features):
        return np.asarray(getattr(paths, name)(features, training=training))

    h1, v1 = e("shallow1", low), e("deep1", resize_align_corners(high, (8, 6)))
    f = MEET[operation](e("shallow2", h1), e("deep2", v1))
    expected = e("shallow4", e("shallow3", f) + h1), e("deep4", e("deep3", f) + v1)
    for output, value in zip(fusion([low, high], training=training), expected):
        np.testing.assert_allclose(output, value, atol=1e-4)
