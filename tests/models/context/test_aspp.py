from types import SimpleNamespace

import numpy as np
from golden import recipe
from networks import noise, randomise

from wsfcn_tf.models.context.aspp import ASPP
from wsfcn_tf.weights.name_map import ASPP as NAMES
from wsfcn_tf.weights.torch_state_dict import assign_state_dict


def test_golden():
    arrays = recipe.load("ssss_context")
    context = ASPP(256, (12, 24, 36))
    context.build((None, None, None, 8))
    weights = recipe.state_dict("ssss_context", prefix="context8.")
    assign_state_dict(SimpleNamespace(context=context), {f"aspp.{key}": value for key, value in weights.items()}, NAMES)
    outputs = np.asarray(context(arrays["input"], training=False))
    recipe.assert_close(outputs[:, ::3, ::3, ::16], arrays["output"])


def test_statistics_are_fixed_unless_from_scratch():
    inputs = noise(3, 6, 5, 3)
    for from_scratch in (False, True):
        context = ASPP(4, (1, 2, 3), dropout=0.0, batch_statistics=from_scratch)
        context.build((None, None, None, 3))
        randomise(context)
        before = np.asarray(context.merge.bn.moving_mean)
        difference = np.abs(context(inputs, training=True) - context(inputs, training=False)).max()
        assert (difference > 0.1) == from_scratch
        assert np.array_equal(before, context.merge.bn.moving_mean) != from_scratch
