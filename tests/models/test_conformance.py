"""One battery for every layer: configuration, weights on disk, eager mode, graphs, XLA, shapes and dtypes."""

import inspect
import json
import pkgutil
from collections.abc import Callable
from functools import partial, wraps
from importlib import import_module
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from hub_presets import HAS_KERAS_HUB, description
from networks import noise, randomise, with_few_blocks

import wsfcn_tf.models
from wsfcn_tf.models.backbones.blocks import BlockBackbone
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite, InvertedResidual
from wsfcn_tf.models.backbones.hub.backbone import KerasHubBackbone
from wsfcn_tf.models.backbones.resnet import ResNet, ResNetBlock
from wsfcn_tf.models.backbones.vgg16 import VGG16
from wsfcn_tf.models.backbones.wide_resnet38 import BottleneckBlock, ResidualBlock, WideResNet38
from wsfcn_tf.models.context.ablations import PPM, LargeKernel, NonLocal
from wsfcn_tf.models.context.aspp import ASPP, DilatedBranch
from wsfcn_tf.models.context.base import Context, ImagePooling
from wsfcn_tf.models.context.fca import FCA, SpatialReweighting
from wsfcn_tf.models.context.mclm import MCLM, ChannelAttention, StripBranch
from wsfcn_tf.models.context.paper_fca import PaperChannelAttention, PaperFCA
from wsfcn_tf.models.context.tap_conv import TapConv
from wsfcn_tf.models.decoder.head import Head
from wsfcn_tf.models.decoder.pooling import GlobalWeightedPooling
from wsfcn_tf.models.decoder.stochastic_gate import StochasticGate
from wsfcn_tf.models.fusion.elementwise import ElementwiseFusion, FusionPaths
from wsfcn_tf.models.fusion.gci import GCI
from wsfcn_tf.models.fusion.paper_sf2 import PaperSF2
from wsfcn_tf.models.fusion.sf2 import SF2, Alignment
from wsfcn_tf.models.layers import BatchNormalization, ConvNormReLU, DilatedConv2D, Layer, SeededDropout

ONE, LOW_HIGH = [(2, 8, 6, 4)], [(2, 8, 6, 4), (2, 4, 3, 8)]
SEED = tf.constant([4, 2])
BASES = {Layer, BlockBackbone, Context, wsfcn_tf.models.Network}


class Case(NamedTuple):
    """A layer at tiny size, the shapes of its inputs, and the shapes of what it must return for them."""

    make: Callable[[], keras.layers.Layer]
    inputs: list[tuple[int, ...]]
    outputs: list[tuple[int, ...]]

    @property
    def name(self) -> str:
        """Of the layer, which is not made for it: tests are collected by every worker."""
        return getattr(self.make, "func", self.make).__name__


CASES = [
    Case(partial(ConvNormReLU, 5, 3), ONE, [(2, 8, 6, 5)]),
    Case(partial(DilatedConv2D, 5, 3, padding="same", dilation_rate=2), ONE, [(2, 8, 6, 5)]),
    Case(partial(BatchNormalization), ONE, ONE),
    Case(partial(SeededDropout, 0.5, spatial=True), ONE, ONE),
    Case(partial(TapConv, 5, (3, 1), 2), ONE, [(2, 8, 6, 5)]),
    Case(partial(StripBranch, 5, 3, 2), ONE, [(2, 8, 6, 5)]),
    Case(partial(ChannelAttention), ONE, ONE),
    Case(partial(ImagePooling, 5), ONE, [(2, 8, 6, 5)]),
    Case(partial(SpatialReweighting), ONE, ONE),
    Case(partial(FCA, 5, (1, 2, 3, 4), batch_statistics=True), ONE, [(2, 8, 6, 5)]),
    Case(partial(MCLM, 5, (1, 2, 3, 4)), ONE, [(2, 8, 6, 5)]),
    Case(partial(PaperChannelAttention), ONE, ONE),
    Case(partial(PaperFCA, 5), ONE, [(2, 8, 6, 5)]),
    Case(partial(DilatedBranch, 5, 2), ONE, [(2, 8, 6, 5)]),
    Case(partial(ASPP, 5, (1, 2, 3)), ONE, [(2, 8, 6, 5)]),
    Case(partial(NonLocal, 5), ONE, [(2, 8, 6, 5)]),
    Case(partial(LargeKernel, 5, batch_statistics=True), ONE, [(2, 8, 6, 5)]),
    Case(partial(PPM, 5), ONE, [(2, 8, 6, 5)]),
    Case(partial(Alignment, 3), LOW_HIGH, [(2, 8, 6, 8)]),
    Case(partial(SF2, 8), LOW_HIGH, [(2, 8, 6, 8), (2, 8, 6, 8)]),
    Case(partial(PaperSF2, 8), LOW_HIGH, [(2, 8, 6, 8), (2, 8, 6, 8)]),
    Case(partial(GCI, 8), LOW_HIGH, [(2, 8, 6, 8), (2, 8, 6, 8)]),
    Case(partial(FusionPaths, 8, "concat"), ONE * 2, [(2, 8, 6, 8), (2, 8, 6, 8)]),
    Case(partial(ElementwiseFusion, 8, "sum"), LOW_HIGH, [(2, 8, 6, 8), (2, 8, 6, 8)]),
    Case(partial(StochasticGate, 0.4), ONE * 2, ONE),
    Case(partial(Head, 5, 3), ONE, [(2, 8, 6, 3)]),
    Case(partial(GlobalWeightedPooling, 0.1), ONE * 2, [(2, 3)]),
    Case(partial(ResidualBlock, 5, 7, stride=2, dilation=2, projected=True), ONE, [(2, 4, 3, 7)]),
    Case(partial(BottleneckBlock, 5, 6, 7, dilation=2, dropout=0.3), ONE, [(2, 8, 6, 7)]),
    Case(partial(ResNetBlock, 5, stride=2, dilation=2, projected=True), ONE, [(2, 4, 3, 20)]),
    Case(partial(ResNet, 50, 16), [(2, 33, 17, 3)], [(2, 9, 5, 256), (2, 3, 2, 2048)]),
    Case(partial(VGG16, 16), [(2, 32, 16, 3)], [(2, 8, 4, 256), (2, 2, 1, 512)]),
    Case(partial(InvertedResidual, 5, 3, 6, stride=2), ONE, [(2, 4, 3, 5)]),
    Case(partial(EfficientNetLite, 0, 16), [(2, 33, 17, 3)], [(2, 9, 5, 24), (2, 3, 2, 1280)]),
    Case(partial(WideResNet38, 0.01, from_scratch=True), [(2, 17, 9, 3)], [(2, 5, 3, 8), (2, 3, 2, 40)]),
]
if HAS_KERAS_HUB:

    @wraps(KerasHubBackbone)
    def hub_resnet():
        return KerasHubBackbone(description("resnet"))

    CASES.append(Case(hub_resnet, [(2, 33, 17, 3)], [(2, 9, 5, 64), (2, 2, 1, 24)]))
else:
    BASES.add(KerasHubBackbone)


def call(layer, inputs, training=False):
    """The layer's outputs as a list, whatever it takes and returns."""
    accepted = inspect.signature(layer.call).parameters
    offered = {"training": training, "batch_statistics": training, "seed": SEED}
    options = {name: value for name, value in offered.items() if name in accepted}
    outputs = layer(inputs if len(inputs) > 1 else inputs[0], **options)
    return list(outputs) if isinstance(outputs, tuple) else [outputs]


@pytest.fixture(scope="module", autouse=True)
def few_blocks():
    with pytest.MonkeyPatch.context() as patch:
        with_few_blocks(patch)
        yield


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def made(case):
    """The layer with drawn weights, its inputs, and these weights: once for all tests."""
    layer = case.make()
    first, *others = (tf.constant(noise(*shape, seed=index)) for index, shape in enumerate(case.inputs))
    inputs = [first, *map(tf.nn.softmax, others)]  # pooling's second input are masks, the others take anything
    call(layer, inputs)
    randomise(layer)
    return layer, inputs, layer.get_weights()


@pytest.fixture
def prepared(made):
    """The layer and its inputs; an earlier test may have moved its statistics."""
    layer, inputs, weights = made
    layer.set_weights(weights)
    return layer, inputs


def assert_same(actual, expected, tolerance=1e-5):
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * np.abs(other).max())


def test_every_layer_is_registered_and_in_the_battery():
    modules = pkgutil.walk_packages(wsfcn_tf.models.__path__, "wsfcn_tf.models.")
    members = [member for module in modules for member in vars(import_module(module.name)).values()]
    classes = {member for member in members if inspect.isclass(member) and member.__module__.startswith("wsfcn_tf")}
    metrics = {cls for cls in classes if issubclass(cls, keras.metrics.Metric)}  # on Keras 2, these are layers
    layers = {cls for cls in classes if issubclass(cls, keras.layers.Layer)} - metrics
    networks = {wsfcn_tf.models.WSFCN, wsfcn_tf.models.CAMClassifier, wsfcn_tf.models.Ensemble}
    assert layers - BASES == {type(case.make()) for case in CASES} | networks
    for layer in layers - BASES:
        assert keras.saving.get_registered_name(layer) == f"wsfcn_tf>{layer.__name__}"


def test_shapes_and_dtypes(case, prepared):
    layer, inputs = prepared
    for training in (False, True):
        outputs = call(layer, inputs, training)
        assert [tuple(output.shape) for output in outputs] == case.outputs
        assert {output.dtype for output in outputs} == {tf.float32}


def test_another_size_after_building(case, prepared):
    layer, inputs = prepared
    larger = [tf.repeat(value[:1], 2, axis=1) for value in inputs]
    for output, expected in zip(call(layer, larger), case.outputs):
        assert output.shape[0] == 1 and output.shape[-1] == expected[-1]
        assert np.isfinite(output).all()


def test_round_trip_of_the_configuration(prepared):
    layer, inputs = prepared
    described = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    clone = keras.saving.deserialize_keras_object(described)
    assert clone.get_config() == layer.get_config()
    call(clone, inputs)
    clone.set_weights(layer.get_weights())
    for training in (False, True):  # a copy has the names of the original, so it draws the same
        assert_same(call(clone, inputs, training), call(layer, inputs, training))


def test_graph_and_xla_equal_eager(prepared):
    layer, inputs = prepared
    expected = call(layer, inputs)
    for jit_compile in (False, True):
        function = tf.function(lambda *tensors: call(layer, tensors), jit_compile=jit_compile, autograph=False)
        assert_same(function(*inputs), expected)


def test_graph_equals_eager_in_training(prepared):
    layer, inputs = prepared
    expected = call(layer, inputs, training=True)
    graph = tf.function(lambda *tensors: call(layer, tensors, training=True), autograph=False)
    assert_same(graph(*inputs), expected, tolerance=1e-4)


@keras.saving.register_keras_serializable(package="tests")
class Holder(keras.Model):
    """A model around one layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, inputs):
        return call(self.layer, inputs)


def test_weights_file(case, prepared, tmp_path):
    layer, inputs = prepared
    if not layer.weights:
        pytest.skip("has no weights")
    models = [Holder(layer), Holder(case.make())]
    expected, fresh = (model(inputs) for model in models)
    assert np.abs(expected[0] - fresh[0]).max() > 1e-3
    models[0].save_weights(tmp_path / "layer.weights.h5")
    models[1].load_weights(tmp_path / "layer.weights.h5")
    assert_same(models[1](inputs), expected, tolerance=1e-6)
