"""`model.save` of a compiled network, and what goes on after `load_model`."""

import warnings

import keras
import numpy as np
import pytest
from networks import noise, smallest_network

from wsfcn_tf.config import SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.metrics import MeanIoU
from wsfcn_tf.objective.objective import Objective, Ramp
from wsfcn_tf.training import build_optimizer

pytestmark = pytest.mark.usefixtures("few_weights")

IMAGES = noise(2, 32, 32, 3)
TAGS = np.float32([[1, 0, 0], [0, 1, 1]])
OBJECTIVE = Objective(
    SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,)), 2, Ramp(3, 4), score_offsets=np.float32([0, 1, -1])
)
OPTIMIZERS = {
    "adam": lambda model: keras.optimizers.Adam(1e-3),
    "grouped": lambda model: build_optimizer(model, TrainingConfig(optimizer="adamw", learning_rate=1e-4)),
}


@pytest.mark.parametrize("name", [pytest.param("adam", marks=pytest.mark.slow), "grouped"])
def test_a_compiled_network_goes_on_after_loading(name, tmp_path):
    model = smallest_network()
    metrics = {"masks": [MeanIoU(3, name="iou")], "scores": ["mse"]}
    model.compile(OPTIMIZERS[name](model), OBJECTIVE, seed=4, metrics=metrics, pretrain_epochs=2)
    model.run_eagerly = True  # tracing takes longer
    model.train_on_batch(IMAGES, {"tags": TAGS, "masks": np.zeros((2, 32, 32), np.uint8)})
    model.save(tmp_path / "network.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        loaded = keras.models.load_model(tmp_path / "network.keras")
    assert loaded.objective.get_config() == OBJECTIVE.get_config()
    assert (loaded.seed, loaded.pretrain_epochs) == (4, 2)
    loaded.run_eagerly = True
    y = {"tags": TAGS, "masks": np.ones((2, 32, 32), np.uint8)}
    for one in (model, loaded):
        one.fit(IMAGES, y, batch_size=2, epochs=1, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert {"iou", "mse", "map"} <= loaded.evaluate(IMAGES, y, verbose=0, return_dict=True).keys()


class Own(Objective):
    """One of the user's."""


def test_what_cannot_be_described_is_not_made_up():
    model = smallest_network()
    assert model.get_compile_config() is None
    model.compile("adam", Own())
    assert model.get_compile_config() is None
