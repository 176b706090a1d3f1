import keras
import pytest
from networks import small_network

from wsfcn_tf.models.layers import norms


@pytest.mark.parametrize(
    "settings",
    [{}, {"context": "ppm", "fusion": "gci"}, {"backbone": "efficientnet_lite0", "width": 1.0, "head": "cam"}],
)
def test_every_norm_is_found_and_synchronised(settings):
    model = small_network(**settings, synchronise_norm=True)
    found = list(norms(model))
    statistics = [weight for weight in model.weights if "moving_mean" in weight.name]
    assert len({id(norm.moving_mean) for norm in found}) == len(found) == len(statistics)
    assert all(norm.synchronized and not norm.fused for norm in found)
    assert not any(norm.synchronized for norm in norms(small_network(**settings)))


def test_no_norm():
    assert not list(norms(keras.layers.Conv2D(1, 1)))
