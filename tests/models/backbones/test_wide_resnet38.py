import numpy as np
import pytest
import tensorflow as tf
from networks import noise, randomise

from wsfcn_tf.models.backbones.wide_resnet38 import BLOCKS, BottleneckBlock, ResidualBlock, WideResNet38


@pytest.fixture(scope="module")
def backbone():
    network = WideResNet38(0.125)
    network.build((None, None, None, 3))
    return network


def test_structure():
    lengths = {"b2": 3, "b3": 3, "b4": 6, "b5": 3, "b6": 1, "b7": 1}
    names = [stage if i == 0 else f"{stage}_{i}" for stage, length in lengths.items() for i in range(length)]
    assert [name for name, *_ in BLOCKS] == names
    assert [name for name, bottleneck, _ in BLOCKS if bottleneck] == ["b6", "b7"]
    assert [name for name, _, projected in BLOCKS if projected] == list(lengths)


@pytest.mark.parametrize("size", [(33, 47), (32, 48), (1, 1), (17, 5)])
def test_strides_round_up(backbone, size):
    low, high = backbone(noise(1, *size, 3), training=False)
    assert low.shape == (1, -(-size[0] // 4), -(-size[1] // 4), 32)
    assert high.shape == (1, -(-size[0] // 8), -(-size[1] // 8), 512)
    assert np.min(high) >= 0


def test_channels_at_a_width():
    assert (WideResNet38(1.0).low_channels, WideResNet38(1.0).high_channels) == (256, 4096)
    narrow = WideResNet38(0.01)
    assert (narrow.low_channels, narrow.high_channels) == (8, 40)  # multiples of 8, at least 8


# === Blocks ===


@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
@pytest.mark.parametrize("training", [False, True])
def test_strided_block(size, training):
    block, inputs = ResidualBlock(4, 5, stride=2, dilation=2, projected=True), noise(2, *size, 3)
    block(inputs, training=False)
    randomise(block)
    activated = tf.nn.relu(block.bn_branch2a(inputs, training=training))
    # the release pads 1 on every side
    padded = np.pad(activated, [(0, 0), (1, 1), (1, 1), (0, 0)])
    branch = tf.nn.conv2d(padded, np.asarray(block.conv_branch2a.kernel), 2, "VALID")
    branch = block.conv_branch2b1(tf.nn.relu(block.bn_branch2b1(branch, training=training)))
    shortcut = tf.nn.conv2d(activated, np.asarray(block.conv_branch1.kernel), 2, "VALID")
    np.testing.assert_allclose(block(inputs, training=training), shortcut + branch, atol=1e-4)


def test_shape_keeping_block_adds_its_raw_input():
    block, inputs = ResidualBlock(4, 3, first_dilation=2, dilation=2), noise(2, 5, 6, 3)
    block(inputs, training=False)
    block.conv_branch2b1.kernel.assign(np.zeros(block.conv_branch2b1.kernel.shape))
    np.testing.assert_array_equal(block(inputs, training=False), inputs)


def test_bottleneck():
    block, inputs = BottleneckBlock(4, 5, 6, dilation=2, dropout=0.5, name="block"), noise(2, 5, 6, 3)
    block(inputs, training=False)
    randomise(block)

    def activated(bn, features):
        return tf.nn.relu(bn(features, training=False))

    first = activated(block.bn_branch2a, inputs)
    branch = block.conv_branch2b1(activated(block.bn_branch2b1, block.conv_branch2a(first)))
    branch = block.conv_branch2b2(activated(block.bn_branch2b2, branch))
    np.testing.assert_allclose(block(inputs, training=False), block.conv_branch1(first) + branch, atol=1e-5)
    draws = [block(inputs, training=True, seed=tf.constant(seed)) for seed in ([1, 2], [1, 2], [1, 3])]
    np.testing.assert_allclose(draws[0], draws[1], atol=1e-5)
    assert np.abs(draws[0] - draws[2]).max() > 1e-3


# === What is trained ===


def kernels(backbone, skip):
    """The ids of all convolutions' kernels, without those of blocks that start with one of `skip`."""
    blocks = [getattr(backbone, name) for name in backbone.block_names if not name.startswith(skip)]
    names = ("conv_branch1", "conv_branch2a", "conv_branch2b1", "conv_branch2b2")
    layers = [getattr(block, name, None) for block in blocks for name in names]
    return {id(layer.kernel) for layer in layers if layer is not None}


def test_paper_trains_kernels_behind_the_first_stage(backbone):
    assert {id(variable) for variable in backbone.trainable_variables} == kernels(backbone, skip=("b2",))


def test_from_scratch_trains_everything():
    network = WideResNet38(0.01, from_scratch=True)
    network.build((None, None, None, 3))
    trained = {id(variable) for variable in network.trainable_variables}
    assert trained > kernels(network, skip=()) | {id(network.conv1a.kernel), id(network.bn7.gamma)}
    fixed = [variable.name for variable in network.weights if id(variable) not in trained]
    assert all("moving_" in name for name in fixed)
    assert len(fixed) * 2 == len(network.weights) - len(kernels(network, skip=())) - 1  # two of each BatchNorm's four


def test_frozen_batch_norms_use_running_statistics():
    still = WideResNet38(0.125, dropout=False)
    images = noise(2, 16, 16, 3)
    still(images, training=False)
    before = [np.asarray(weight) for weight in still.weights]
    for inference, training in zip(still(images, training=False), still(images, training=True)):
        np.testing.assert_allclose(training, inference, atol=1e-5)
    for one, other in zip(before, still.weights):
        np.testing.assert_array_equal(one, other)
