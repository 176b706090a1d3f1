"""What is said where KerasHub is not at hand."""

import sys
from dataclasses import replace

import keras
import pytest
from networks import CONFIG

from wsfcn_tf.errors import UserError
from wsfcn_tf.models import build_model

HUB = replace(CONFIG, backbone="keras_hub", width=1.0, preset="dinov2_small")


@pytest.mark.skipif(not keras.__version__.startswith("2."), reason="this is Keras 3, which has KerasHub")
def test_keras_2_has_none():
    with pytest.raises(UserError) as caught:
        build_model(HUB)
    assert str(caught.value) == (
        f"model.backbone keras_hub needs Keras 3, and this is {keras.__version__}: use an environment of "
        "requirements-keras3.txt and requirements-keras-hub.txt"
    )


@pytest.mark.skipif(keras.__version__.startswith("2."), reason="this is Keras 2, which KerasHub does not run on")
@pytest.mark.parametrize("config", [HUB, replace(HUB, preset_config='{"backbone": {}, "scale": [], "offset": []}')])
def test_it_is_not_installed(config, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(UserError) as caught:
        build_model(config)
    assert str(caught.value).startswith("model.backbone keras_hub needs KerasHub (")
    assert str(caught.value).endswith("pip install -r requirements-keras-hub.txt, with Python 3.11 or newer")


def test_a_config_without_a_preset():
    with pytest.raises(UserError, match=r"keras_hub needs model\.preset: a name such as dinov2_small, or a folder"):
        build_model(replace(HUB, preset=None))
