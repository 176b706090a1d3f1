"""WideResNet-38 with pre-activation, dilated to output stride 8 (Wu et al., arXiv 1611.10080; as in the release).

Layers carry the names of the ImageNet checkpoint that this backbone is known by (`b4_1.conv_branch2b1`).
"""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.backbones.blocks import BlockBackbone
from wsfcn_tf.models.layers import Layer, SeededDropout, batch_norm, conv, register

# === Structure ===


@dataclass(frozen=True)
class _Stage:
    """A run of blocks: `b4`, `b4_1`, ...; the first changes shape, the others keep it."""

    name: str
    blocks: int
    middle: int
    output: int
    stride: int = 1
    first_dilation: int = 1
    dilation: int = 1


_STAGES = (
    _Stage("b2", 3, 128, 128, stride=2),
    _Stage("b3", 3, 256, 256, stride=2),
    _Stage("b4", 6, 512, 512, stride=2),
    _Stage("b5", 3, 512, 1024, dilation=2),
)
_STEM = 64
# name, middle channels, inner channels, output channels, dilation, dropout
_BOTTLENECKS = (("b6", 512, 1024, 2048, 4, 0.3), ("b7", 1024, 2048, 4096, 4, 0.5))

# (name, is it a bottleneck, has its shortcut a 1x1) of every block, in order
BLOCKS = tuple(
    (stage.name if index == 0 else f"{stage.name}_{index}", False, index == 0)
    for stage in _STAGES
    for index in range(stage.blocks)
) + tuple((name, True, True) for name, *_ in _BOTTLENECKS)


def _scaled(channels: int, width: float) -> int:
    """A channel count at a fraction of the width: a multiple of 8, at least 8."""
    return max(8, 8 * round(channels * width / 8))


# === Blocks ===


@register
class ResidualBlock(Layer):
    """BN-ReLU, 3x3, BN-ReLU, 3x3; the shortcut is a 1x1 on the activated input where the shape changes.

    Args:
        middle: channels between the convolutions.
        output: channels of the result.
        stride: of the first convolution and the shortcut.
        first_dilation: of the first convolution.
        dilation: of the second.
        projected: whether the shortcut is a 1x1 convolution.
    """

    def __init__(
        self,
        middle: int,
        output: int,
        stride: int = 1,
        first_dilation: int = 1,
        dilation: int = 1,
        projected: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = output
        self.bn_branch2a = batch_norm()
        self.pad = keras.layers.ZeroPadding2D(1) if stride > 1 else None
        self.conv_branch2a = conv(middle, 3, stride, dilation_rate=first_dilation)
        self.bn_branch2b1 = batch_norm()
        self.conv_branch2b1 = conv(output, 3, dilation_rate=dilation)
        self.conv_branch1 = conv(output, 1) if projected else None

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        middle = (None, None, None, self.settings["middle"])
        self.bn_branch2a.build(input_shape)
        self.conv_branch2a.build(input_shape)
        self.bn_branch2b1.build(middle)
        self.conv_branch2b1.build(middle)
        if self.conv_branch1 is not None:
            self.conv_branch1.build(input_shape)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tf.Tensor:
        """[B, H, W, C] -> [B, H / stride, W / stride, output]."""
        activated = tf.nn.relu(self.bn_branch2a(inputs, training=training))
        branch = self.conv_branch2a(activated if self.pad is None else self.pad(activated))
        branch = tf.nn.relu(self.bn_branch2b1(branch, training=training))
        branch = self.conv_branch2b1(branch)
        if self.conv_branch1 is None:
            return inputs + branch
        # The stride is a slice here: in oneDNN (TensorFlow 2.15 to 2.21) the gradient of a strided 1x1 convolution of
        # 8 channels on an even side writes beyond its memory.
        stride = self.settings["stride"]
        return self.conv_branch1(activated[:, ::stride, ::stride]) + branch


@register
class BottleneckBlock(Layer):
    """BN-ReLU, 1x1, BN-ReLU-dropout, dilated 3x3, BN-ReLU-dropout, 1x1; always with a 1x1 shortcut.

    Args:
        middle, inner, output: channels after each of the three convolutions.
        dilation: of the 3x3.
        dropout: share of channels dropped in training before the second and the third convolution.
    """

    def __init__(self, middle: int, inner: int, output: int, dilation: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = output
        self.bn_branch2a = batch_norm()
        self.conv_branch2a = conv(middle, 1)
        self.bn_branch2b1 = batch_norm()
        self.dropout_2b1 = SeededDropout(dropout, spatial=True, name=f"{self.name}_dropout_2b1")
        self.conv_branch2b1 = conv(inner, 3, dilation_rate=dilation)
        self.bn_branch2b2 = batch_norm()
        self.dropout_2b2 = SeededDropout(dropout, spatial=True, name=f"{self.name}_dropout_2b2")
        self.conv_branch2b2 = conv(output, 1)
        self.conv_branch1 = conv(output, 1)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        middle, inner = ((None, None, None, self.settings[key]) for key in ("middle", "inner"))
        for layer, shape in (
            (self.bn_branch2a, input_shape),
            (self.conv_branch2a, input_shape),
            (self.bn_branch2b1, middle),
            (self.conv_branch2b1, middle),
            (self.bn_branch2b2, inner),
            (self.conv_branch2b2, inner),
            (self.conv_branch1, input_shape),
        ):
            layer.build(shape)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tf.Tensor:
        """[B, H, W, C] -> [B, H, W, output]."""
        activated = tf.nn.relu(self.bn_branch2a(inputs, training=training))
        branch = tf.nn.relu(self.bn_branch2b1(self.conv_branch2a(activated), training=training))
        branch = self.conv_branch2b1(self.dropout_2b1(branch, training=training, seed=seed))
        branch = tf.nn.relu(self.bn_branch2b2(branch, training=training))
        branch = self.conv_branch2b2(self.dropout_2b2(branch, training=training, seed=seed))
        return self.conv_branch1(activated) + branch


# === Backbone ===


@register
class WideResNet38(BlockBackbone):
    """The whole backbone.

    Args:
        width: fraction of the channels, in (0, 1]; all 38 layers stay.
        dropout: whether the bottlenecks drop channels in training.
        from_scratch: False freezes every BatchNorm and the first stage, as the paper does with ImageNet weights.
        rematerialise: blocks keep only their inputs for backpropagation, see `call_block`.
    """

    def __init__(
        self,
        width: float = 1.0,
        dropout: bool = True,
        from_scratch: bool = False,
        rematerialise: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conv1a = conv(_scaled(_STEM, width), 3)
        for stage in _STAGES:
            for index in range(stage.blocks):
                first = index == 0
                self.add_block(
                    ResidualBlock(
                        _scaled(stage.middle, width),
                        _scaled(stage.output, width),
                        stride=stage.stride if first else 1,
                        first_dilation=stage.first_dilation if first else stage.dilation,
                        dilation=stage.dilation,
                        projected=first,
                        name=stage.name if first else f"{stage.name}_{index}",
                    )
                )
        for name, middle, inner, output, dilation, rate in _BOTTLENECKS:
            channels = (_scaled(size, width) for size in (middle, inner, output))
            self.add_block(BottleneckBlock(*channels, dilation, rate if dropout else 0.0, name=name))
        self.bn7 = batch_norm()
        self.low_channels = _scaled(_STAGES[1].output, width)
        self.high_channels = _scaled(_BOTTLENECKS[-1][3], width)
        if not from_scratch:
            self._freeze()

    def _freeze(self) -> None:
        """What the paper does not update: the first stage, and every BatchNorm (which then uses running statistics)."""
        self.conv1a.trainable = False
        self.bn7.trainable = False
        for block in self.blocks():
            if block.name.split("_")[0] == "b2":
                block.trainable = False
            for attribute in ("bn_branch2a", "bn_branch2b1", "bn_branch2b2"):
                if hasattr(block, attribute):
                    getattr(block, attribute).trainable = False

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, 3]."""
        self.conv1a.build(input_shape)
        self.bn7.build((None, None, None, self.build_blocks(self.conv1a.filters)))
        super().build(input_shape)

    def call(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """ImageNet-normalised RGB to the two features that the decoder uses.

        Args:
            images: float32 [B, H, W, 3].
            training: batch statistics where they are not frozen, and dropout.
            seed: int32 [2], see `SeededDropout`.

        Returns:
            low [B, ceil(H / 4), ceil(W / 4), 256 width]: b3_2's output;
            high [B, ceil(H / 8), ceil(W / 8), 4096 width]: bn7's, after ReLU.
        """
        low, features = self.call_blocks(self.conv1a(images), low_block="b3_2", training=training, seed=seed)
        return low, tf.nn.relu(self.bn7(features, training=training))
