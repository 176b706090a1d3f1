import numpy as np
import pytest
import tensorflow as tf
from networks import noise, randomise

from wsfcn_tf.models.context.paper_fca import PaperFCA

INPUTS = noise(2, 9, 8, 3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("reweighting", [True, False])
def test_equations_1_to_6(reweighting):
    context = PaperFCA(4, reweighting=reweighting)
    context.build((None, None, None, 3))
    randomise(context)
    branches = []
    for k in (1, 3, 5, 7):
        strip, attention = getattr(context, f"strip{k}"), getattr(context, f"attention{k}")
        down, down_across, across, across_down = (
            np.asarray(layer.kernel) for layer in (strip.down, strip.down_across, strip.across, strip.across_down)
        )

        def conv(x, kernel):
            return tf.nn.conv2d(x, kernel, 1, "SAME")

        u = np.asarray(conv(conv(INPUTS, down), down_across) + conv(conv(INPUTS, across), across_down))
        f = np.asarray(attention.conv.kernel)[0, 0]
        branches.append(u * sigmoid(u.mean((1, 2)) @ f + u.max((1, 2)) @ f)[:, None, None])
    expected = context.merge(np.concatenate(branches, -1), training=False)
    if reweighting:
        expected = context.reweighting(expected)
    np.testing.assert_allclose(context(INPUTS, training=False), expected, atol=1e-4)
    assert context.merge.conv.kernel.shape == (3, 3, 16, 4)
