"""Both releases' whole networks, 147 and 137 million parameters, in inference, stage by stage."""

import numpy as np
import pytest
from golden import recipe
from golden.recipe import assert_close

from wsfcn_tf import ModelConfig, build_model
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.weights import load_torch_state_dict

NETWORKS = {
    "wsfcn": ModelConfig(num_classes=20),
    "ssss": ModelConfig(num_classes=20, context="aspp", fusion="gci"),
}
CHANNELS = {"conv3": 8, "conv6": 64}  # the goldens hold every so-manieth; of the other stages every 8th


@pytest.fixture(scope="module", params=NETWORKS)
def release(request):
    """(name, model, golden arrays)."""
    model = build_model(NETWORKS[request.param])
    load_torch_state_dict(model, recipe.state_dict(request.param))
    return request.param, model, recipe.load(f"{request.param}_network")


def test_stages_on_odd_sides(release):
    name, model, arrays = release
    low, high = model.backbone(normalise(arrays["eval_image"]), training=False)
    context = model.context(high, training=False)
    shallow, deep = model.fusion([low, context], training=False)
    stages = {"conv3": low, "conv6": high}
    if name == "wsfcn":
        stages |= {"fca": context, "align": model.fusion.alignment([low, context]), "sf2_0": shallow, "sf2_1": deep}
    else:
        stages |= {"aspp": context, "gci": shallow}
    for stage, features in stages.items():
        assert_close(features[..., :: CHANNELS.get(stage, 8)], arrays[f"eval_{stage}"])


def test_outputs_on_odd_sides(release):
    _, model, arrays = release
    outputs = model(normalise(arrays["eval_image"]), training=False)
    np.testing.assert_array_equal(outputs["logits"][..., 0], np.ones(outputs["logits"].shape[:3]))
    assert_close(outputs["logits"][..., 1:], arrays["eval_logits"])
    assert_close(outputs["scores"], arrays["eval_cls"])
    assert_close(outputs["masks"][:, ::2, ::2], arrays["eval_masks"])


def test_logits_on_even_sides(release):
    _, model, arrays = release
    outputs = model(normalise(arrays["even_image"]), training=False)
    assert_close(outputs["logits"][..., 1:], arrays["even_logits"])
