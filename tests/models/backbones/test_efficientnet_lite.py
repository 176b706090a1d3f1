"""EfficientNet-Lite with its ImageNet weights against the PyTorch package's features, and its structure."""

import numpy as np
import pytest
from golden.efficientnet_lite import FILE, SIDES, image, sampled
from networks import noise, randomise

from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite, InvertedResidual
from wsfcn_tf.ops.normalise import normalise, to_half_range
from wsfcn_tf.weights.imagenet import assign_imagenet, packaged_file
from wsfcn_tf.weights.torch_file import read_torch_file

GOLDEN = np.load(FILE)


def backbone(version=0, stride=32, **settings):
    layer = EfficientNetLite(version, stride, **settings)
    layer.build((None, None, None, 3))
    return layer


def blocks(layer):
    return [getattr(layer, name).settings for name in layer.block_names]


@pytest.mark.parametrize("version", SIDES)
def test_features_are_those_of_the_pytorch_package(version):
    layer = backbone(version)
    left_out = assign_imagenet(layer, read_torch_file(packaged_file(layer)))
    assert left_out == ["_fc.weight", "_fc.bias"]
    features = layer(normalise(image(SIDES[version])), training=False)
    for name, value in zip(("low", "high"), features):
        expected = GOLDEN[f"{name}{version}"]
        assert np.abs(expected).max() > 3 and expected.std() > 0.1
        np.testing.assert_allclose(sampled(np.asarray(value)), expected, rtol=0, atol=1e-4)


def test_input_is_what_the_weights_expect():
    pixels = np.array([[0, 127, 255]], np.float32)
    np.testing.assert_allclose(to_half_range(normalise(pixels / 255)), [[-127 / 128, 0, 1]], atol=1e-6)


@pytest.mark.parametrize(("stride", "first"), [(16, 1), (8, 3)])
def test_dilated_features_hold_the_strided_ones(stride, first):
    images = noise(1, 64, 96, 3)
    strided = backbone()
    randomise(strided)
    dilated = backbone(stride=stride)
    dilated.set_weights(strided.get_weights())
    low, high = strided(images, training=False)
    dilated_low, dilated_high = dilated(images, training=False)
    assert dilated_high.shape[1:3] == (64 // stride, 96 // stride)
    assert np.std(high) > 0.01
    np.testing.assert_array_equal(dilated_low, low)
    step = 32 // stride
    np.testing.assert_allclose(dilated_high[:, first::step, first::step], high, rtol=0, atol=1e-4 * np.max(high))


def test_structure():
    assert [(b["filters"], b["stride"]) for b in blocks(backbone())] == [
        (16, 1),
        *[(24, 2), (24, 1)],
        *[(40, 2), (40, 1)],
        *[(80, 2), (80, 1), (80, 1)],
        *[(112, 1)] * 3,
        *[(192, 2), (192, 1), (192, 1), (192, 1)],
        (320, 1),
    ]
    lite2 = [b["filters"] for b in blocks(backbone(2))]
    assert lite2 == [16] + [24] * 3 + [48] * 3 + [88] * 4 + [120] * 4 + [208] * 5 + [352]


@pytest.mark.parametrize(("stride", "dilations"), [(32, {1}), (16, {1, 2}), (8, {1, 2, 4})])
def test_strides_that_are_left_out_become_dilations(stride, dilations):
    settings = blocks(backbone(stride=stride))
    assert {b["dilation"] for b in settings} == dilations
    assert np.prod([b["stride"] for b in settings]) * 2 == stride
    assert settings[-1]["dilation"] == max(dilations)


def test_what_training_updates():
    layer = backbone()
    norms = sum(1 for weight in layer.weights if "gamma" in weight.name)
    convolutions = len(layer.weights) - 4 * norms
    assert len(layer.trainable_variables) == convolutions - 3  # without the stem and the first block's two
    assert not any("gamma" in variable.name or "beta" in variable.name for variable in layer.trainable_variables)
    assert len(backbone(from_scratch=True).trainable_variables) == convolutions + 2 * norms


def test_frozen_norms_ignore_the_batch():
    layer = backbone()
    randomise(layer)
    images = noise(2, 32, 32, 3)
    before = layer.get_weights()
    for trained, inferred in zip(layer(images, training=True), layer(images, training=False)):
        np.testing.assert_array_equal(trained, inferred)
    for one, other in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_depthwise_stays_in_float32_under_a_mixed_policy():
    block = InvertedResidual(8, 3, 6, dtype="mixed_bfloat16")
    assert block.compute_dtype == "bfloat16"
    assert block.depthwise_conv.compute_dtype == "float32"


@pytest.mark.parametrize("size", [(33, 47), (32, 48)])
@pytest.mark.parametrize(("stride", "low_stride", "channels"), [(8, 4, 24), (16, 4, 24), (32, 4, 24), (16, 8, 40)])
def test_odd_sides(size, stride, low_stride, channels):
    low, high = backbone(stride=stride, low_stride=low_stride)(noise(1, *size, 3), training=False)
    assert low.shape == (1, *(-(-side // low_stride) for side in size), channels)
    assert high.shape == (1, *(-(-side // stride) for side in size), 1280)


def test_block_adds_its_input_where_the_shape_stays():
    inputs = noise(1, 6, 6, 8)
    for filters, stride, added in ((8, 1, True), (8, 2, False), (7, 1, False)):
        block = InvertedResidual(filters, 3, 2, stride)
        block.build(inputs.shape)
        block.bn2.set_weights([np.zeros(filters), np.zeros(filters), np.zeros(filters), np.ones(filters)])
        output = block(inputs, training=False)
        np.testing.assert_array_equal(output, inputs if added else np.zeros(output.shape))


def test_new_weights_keep_the_scale_of_what_they_see():
    layer = backbone(from_scratch=True)
    assert np.std(layer.conv_stem.kernel) == pytest.approx((2 / 27) ** 0.5, rel=0.1)
    for name in ("block1", "block12"):
        kernel = np.asarray(getattr(layer, name).depthwise_conv.weights[0])
        assert np.std(kernel) == pytest.approx((2 / kernel.shape[0] ** 2) ** 0.5, rel=0.1)
