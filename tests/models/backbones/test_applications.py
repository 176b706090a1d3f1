"""VGG-16 and ResNets against `keras.applications`, with the same random weights."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise, randomise

from wsfcn_tf.models.backbones.resnet import ResNet
from wsfcn_tf.models.backbones.vgg16 import VGG16
from wsfcn_tf.ops.normalise import denormalise, normalise, to_caffe
from wsfcn_tf.weights.backbone import copy_applications

# theirs; ours; the layers of theirs that are our feature at stride 4 and at stride 8
NETWORKS = {
    "vgg16": (keras.applications.VGG16, VGG16, ("block3_conv3", "block4_conv3")),
    "resnet50": (
        keras.applications.ResNet50,
        functools.partial(ResNet, 50),
        ("conv2_block3_out", "conv3_block4_out"),
    ),
}
IMAGES = noise(1, 64, 96, 3)


@pytest.fixture(scope="module", params=NETWORKS)
def pair(request):
    """Their features (at stride 4, at 8, last) with random weights, and ours at any strides."""
    make_theirs, make_ours, lows = NETWORKS[request.param]
    theirs = make_theirs(include_top=False, weights=None)
    randomise(theirs)
    three = keras.Model(theirs.input, [*(theirs.get_layer(low).output for low in lows), theirs.output])
    expected = three(255 * denormalise(IMAGES) @ np.eye(3, dtype=np.float32)[::-1] - [103.939, 116.779, 123.68])

    def ours(stride, low_stride=4):
        backbone = make_ours(stride, low_stride=low_stride)
        backbone.build((None, None, None, 3))
        copy_applications(backbone, theirs)
        assert len(backbone.weights) == len(theirs.weights)
        return backbone

    return [np.asarray(value) for value in expected], ours


def assert_close(actual, expected):
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_caffe_input_is_theirs():
    image = np.random.default_rng(0).uniform(0, 1, (2, 3, 3)).astype(np.float32)
    expected = keras.applications.vgg16.preprocess_input(255 * image.copy())
    np.testing.assert_allclose(to_caffe(normalise(image)), expected, atol=1e-3)


def test_features_at_stride_32(pair):
    (low, lower, high), ours = pair
    for low_stride, shallow in ((4, low), (8, lower)):
        backbone = ours(32, low_stride)
        assert backbone.low_channels == shallow.shape[-1]
        for actual, value in zip(backbone(IMAGES, training=False), (shallow, high), strict=True):
            assert_close(actual, value)


@pytest.mark.parametrize("stride", [16, 8])
def test_dilated_features_hold_the_strided_ones(pair, stride):
    (low, _, high), ours = pair
    actual_low, actual_high = ours(stride)(IMAGES, training=False)
    assert_close(actual_low, low)
    assert actual_high.shape[1:3] == (64 // stride, 96 // stride)
    if high.shape[-1] == 512:  # VGG: at 16 the last pool is what is missing; at 8 the fourth pool's stride, too
        step = 16 // stride
        actual_high = tf.nn.max_pool2d(actual_high[:, ::step, ::step], 2, 2, "VALID")
    else:
        actual_high = actual_high[:, :: 32 // stride, :: 32 // stride]
    assert_close(actual_high, high)


@pytest.mark.slow  # of 50, all is tested
def test_depth_101():
    backbone = ResNet(101)
    theirs = keras.applications.ResNet101(include_top=False, weights=None)
    backbone.build((None, None, None, 3))
    assert [tuple(weight.shape) for layer in backbone.applications_layers().values() for weight in layer.get_weights()]
    names = {layer.name for layer in theirs.layers if layer.weights}
    assert set(backbone.applications_layers()) == names


@pytest.mark.parametrize(
    ("make", "frozen"), [(lambda **k: VGG16(**k), 2 * 2), (lambda **k: ResNet(50, **k), 2 + 4 * 53)]
)
def test_what_training_updates(make, frozen):
    for from_scratch in (False, True):
        backbone = make(from_scratch=from_scratch)
        backbone.build((None, None, None, 3))
        statistics = sum("moving" in weight.name for weight in backbone.weights)
        fixed = len(backbone.weights) - len(backbone.trainable_variables)
        assert fixed == (statistics if from_scratch else frozen)


@pytest.mark.parametrize("size", [(33, 47), (32, 48)])
@pytest.mark.parametrize("stride", [8, 16])
def test_odd_sides(size, stride):
    low, high = ResNet(50, stride)(noise(1, *size, 3), training=False)
    assert low.shape[1:3] == tuple(-(-side // 4) for side in size)
    assert high.shape[1:3] == tuple(-(-side // stride) for side in size)
