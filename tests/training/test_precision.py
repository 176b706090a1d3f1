import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, noise, small_network

from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.training import precision as precision_module
from wsfcn_tf.training.precision import precision

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


@pytest.mark.parametrize(("flags", "slow"), [("avx2 avx512_bf16 sse", False), ("amx_bf16", False), ("avx2 sse", True)])
def test_a_cpu_without_bfloat16_is_told(flags, slow, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags : {flags}\n")
    found = precision_module._has_slow_bfloat16(tmp_path / "cpuinfo")
    assert found == slow
    assert not precision_module._has_slow_bfloat16(tmp_path / "nothing")
    monkeypatch.setattr(precision_module, "_has_slow_bfloat16", lambda: found)
    with precision("float32"), precision("bfloat16"):
        assert ("training.precision=float32 will be much faster" in capsys.readouterr().out) == slow


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
