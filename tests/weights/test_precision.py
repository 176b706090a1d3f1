from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, noise, small_network, smallest_network

from wsfcn_tf.config import DataConfig, ExperimentConfig, TrainingConfig
from wsfcn_tf.data.datasets.dataset import open_dataset
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.experiment import resolve
from wsfcn_tf.weights import precision as precision_module
from wsfcn_tf.weights.precision import fastest_precision, precision
from wsfcn_tf.weights.trained import Trained

pytestmark = pytest.mark.usefixtures("few_weights")

LITE = {"backbone": "efficientnet_lite0", "width": 1.0}


# SF2 on the narrow WideResNet is left out: with weights that were never trained its flow magnifies any rounding
@pytest.mark.parametrize("settings", [{"context": "aspp", "fusion": "gci"}, LITE | {"fusion": "gci"}, LITE])
def test_bfloat16_is_close_to_float32(settings):
    exact = gentle(small_network(**settings))
    with precision("bfloat16"):
        rough = small_network(**settings)
    rough.set_weights(exact.get_weights())
    images = noise(1, 64, 64, 3)
    for name, expected in exact(images, training=False).items():
        actual = rough(images, training=False)[name]
        assert actual.dtype == tf.float32
        error = np.linalg.norm(actual - expected) / np.linalg.norm(expected)
        assert 0 < error < 0.05, name


def test_the_policy_is_as_before_afterwards():
    with pytest.raises(KeyError), precision("bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
        raise KeyError
    assert keras.layers.Dense(1).compute_dtype == "float32"


def test_a_trained_network_keeps_its_weights_in_another_precision():
    exact = Trained(smallest_network(), ExperimentConfig(), ("a", "b", "c"), Path("weights"), Path("run"))
    assert exact.in_precision("float32") is exact
    rough = exact.in_precision("bfloat16")
    assert (exact.model.head.compute_dtype, rough.model.head.compute_dtype) == ("float32", "bfloat16")
    for ours, theirs in zip(rough.model.get_weights(), exact.model.get_weights(), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A function that changes what is seen of the hardware: its CPU's flags, and its GPUs' compute capabilities."""

    def become(flags=None, *gpus):
        cpuinfo = tmp_path / "cpuinfo"
        if flags is not None:
            cpuinfo.write_text(f"processor : 0\nflags : {flags}\n")
        monkeypatch.setattr(precision_module, "_CPUINFO", cpuinfo)
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(range(len(gpus))))
        details = [{} if gpu is None else {"compute_capability": gpu} for gpu in gpus]
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details[gpu])

    return become


@pytest.mark.parametrize(
    ("hardware", "fastest", "warned"),
    [
        (["avx2 avx512_bf16 sse"], "bfloat16", False),
        (["amx_bf16"], "bfloat16", False),
        (["avx2 sse"], "float32", True),
        (["asimd bf16"], "float32", False),
        ([None], "float32", False),
        (["avx512_bf16", (7, 5)], "float32", True),
        (["avx2", (8, 0), (9, 0)], "bfloat16", False),
        (["avx2", (8, 6), (7, 5)], "float32", True),
        (["avx2", (8, 6), None], "float32", False),
    ],
)
def test_what_the_hardware_computes_in(hardware, fastest, warned, machine, capsys):
    machine(*hardware)
    assert fastest_precision() == fastest
    with precision("float32"), precision("bfloat16"):
        assert ("precision float32 will be much faster" in capsys.readouterr().out) == warned


def test_auto_is_the_hardware_s_and_stays_the_run_s(machine, tmp_path):
    config = ExperimentConfig(training=TrainingConfig(precision="auto"))
    dataset, run = open_dataset(DataConfig(format="scenes")), RunFolder(tmp_path / "run")
    machine("avx2")
    assert resolve(config, dataset, run).training.precision == "float32"
    machine("amx_bf16")
    resolved = resolve(config, dataset, run)
    assert resolved.training.precision == "bfloat16"
    run.create(resolved, dataset.class_names)
    machine("avx2")
    assert resolve(config, dataset, run) == resolved
    run.check(resolve(config, dataset, run), dataset.class_names, resume=True)


def test_all_levels_of_a_photo_reach_the_first_convolution(monkeypatch):
    levels = normalise(np.repeat(np.arange(256, dtype=np.float32)[None, :, None, None], 3, axis=3) / 255)
    with precision("bfloat16"):
        backbone = EfficientNetLite(0, 32)
    backbone.build((None, None, None, 3))
    seen = []
    monkeypatch.setattr(backbone, "conv_stem", lambda x: seen.append(x) or tf.zeros([1, 128, 1, 32], tf.bfloat16))
    backbone(levels, training=False)
    assert seen[0].dtype == tf.bfloat16
    assert len(np.unique(np.asarray(tf.cast(seen[0], tf.float32))[0, :, 0, 0])) == 256
