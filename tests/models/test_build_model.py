"""Every network that a config can name."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import gentle, noise, shallow_network, small_network

from wsfcn_tf import ModelConfig, build_model
from wsfcn_tf.commands.networks import ROWS
from wsfcn_tf.models.counting import count_parameters

CONTEXTS = ("fca", "mclm", "aspp", "non_local", "large_kernel", "ppm")
FUSIONS = ("sf2", "gci", "sum", "concat", "product")
# all of them; those without one of the paper's two parts are slow, for each part is in one of the others
PAIRS = [
    pytest.param(context, fusion, marks=() if context == "fca" or fusion == "sf2" else pytest.mark.slow)
    for context, fusion in itertools.product(CONTEXTS, FUSIONS)
]


@pytest.mark.parametrize(("context", "fusion"), PAIRS)
def test_every_context_goes_with_every_fusion(context, fusion):
    outputs = gentle(shallow_network(context=context, fusion=fusion))(noise(1, 20, 18, 3), training=False)
    assert outputs["logits"].shape == (1, 5, 4, 4)
    assert outputs["masks"].shape == (1, 20, 18, 4)
    assert np.isfinite(outputs["scores"]).all()


@pytest.mark.parametrize("settings", [{"context": "fca"}, {"context": "mclm"}])
def test_the_paper_s_forms(settings):
    paper = small_network(**settings, context_form="paper", fusion_form="paper")
    assert type(paper.context).__name__ == "PaperFCA" and type(paper.fusion).__name__ == "PaperSF2"
    assert (paper.context.reweighting is not None) == (settings["context"] == "fca")
    assert paper(noise(2, 33, 26, 3), training=False)["logits"].shape == (2, 9, 7, 4)


@pytest.mark.parametrize("backbone", ["vgg16", "resnet50", pytest.param("resnet101", marks=pytest.mark.slow)])
def test_other_backbones(backbone):
    model = build_model(ModelConfig(backbone=backbone, decoder_width=8, dilations=(1, 2, 3, 4), num_classes=3))
    assert model(noise(1, 32, 48, 3), training=False)["logits"].shape == (1, 8, 12, 4)
    strides = {"output_stride": 8, "low_stride": 8}
    strided = build_model(ModelConfig(backbone=backbone, **strides, decoder_width=8, num_classes=3))
    assert strided.backbone.settings["output_stride"] == 8
    assert strided.backbone.settings["low_stride"] == 8


@pytest.mark.parametrize(("context", "fusion", "millions"), ROWS)
def test_trainable_parameters_of_the_paper_s_tables(context, fusion, millions, monkeypatch):
    # drawing 150 million random numbers eleven times would take longer than all else here
    monkeypatch.setattr(
        keras.initializers.VarianceScaling, "__call__", lambda self, shape, dtype=None, **_: tf.zeros(shape, dtype)
    )
    model = build_model(ModelConfig(context=context, fusion=fusion, num_classes=20))
    assert abs(count_parameters(model)[1] / 1e6 - millions) < 0.01
