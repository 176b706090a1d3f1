"""EfficientNet-Lite0 and -Lite2: EfficientNet (arXiv 1905.11946) without squeeze-and-excitation, with ReLU6.

Structure and names are those of the PyTorch package `efficientnet-lite-pytorch`, whose weights are the TensorFlow
authors'. Padding is TensorFlow's "same", as they were trained: where a stride divides a side, more on the far edge.
"""

import math
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from wsfcn_tf.models.backbones.blocks import BlockBackbone
from wsfcn_tf.models.layers import Layer, batch_norm, conv, register
from wsfcn_tf.ops.normalise import to_half_range

# === Structure ===


class _Stage(NamedTuple):
    blocks: int
    kernel: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_STEM, _HEAD = 32, 1280  # the same for every Lite
_LOW_STAGES = {4: 1, 8: 2}  # stride: the last stage there
_SCALES = {0: (1.0, 1.0), 2: (1.1, 1.2)}  # version: channels times, blocks times


def _channels(filters: int, scale: float) -> int:
    """A multiple of 8 close to filters * scale, less than a tenth below it."""
    wanted = filters * scale
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def _blocks(stage: int, scale: float) -> int:
    """The first and the last stage are the same for every Lite."""
    blocks = _STAGES[stage].blocks
    return blocks if stage in (0, len(_STAGES) - 1) else math.ceil(blocks * scale)


def _batch_norm() -> keras.layers.BatchNormalization:
    return batch_norm(momentum=0.99, epsilon=1e-3)  # as there


# === Block ===


@register
class InvertedResidual(Layer):
    """1x1 expansion, depthwise convolution, 1x1 projection, each with BatchNorm; ReLU6 behind the first two.

    The input is added where the shape stays. An expansion of 1 has no convolution.

    Args:
        filters: output channels.
        kernel: side of the depthwise convolution.
        expansion: its channels over the input's.
        stride: of the depthwise convolution.
        dilation: of the depthwise convolution; 1 with a stride.
    """

    def __init__(
        self, filters: int, kernel: int, expansion: int, stride: int = 1, dilation: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.channels = filters
        # float32 under any policy: on CPUs half precision makes it slower, not faster
        self.depthwise_conv = keras.layers.DepthwiseConv2D(
            kernel,
            stride,
            padding="same",
            dilation_rate=dilation,
            use_bias=False,
            # He-normal: Keras' own counts the channels, which a depthwise kernel does not sum over
            depthwise_initializer=keras.initializers.RandomNormal(stddev=2**0.5 / kernel),
            dtype="float32",
        )
        self.bn1 = _batch_norm()
        self.project_conv, self.bn2 = conv(filters, 1), _batch_norm()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        inner = (None, None, None, input_shape[-1] * self.settings["expansion"])
        if self.settings["expansion"] > 1:
            self.expand_conv, self.bn0 = conv(inner[-1], 1), _batch_norm()
            self.expand_conv.build(input_shape)
            self.bn0.build(inner)
        self.depthwise_conv.build(inner)
        self.bn1.build(inner)
        self.project_conv.build(inner)
        self.bn2.build((None, None, None, self.channels))
        super().build(input_shape)

    def norms(self) -> list[keras.layers.BatchNormalization]:
        """Its BatchNorms, once built."""
        return [self.bn1, self.bn2] + ([self.bn0] if self.settings["expansion"] > 1 else [])

    def call(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, ceil(H / stride), ceil(W / stride), filters]."""
        features = inputs
        if self.settings["expansion"] > 1:
            features = tf.nn.relu6(self.bn0(self.expand_conv(features), training=training))
        features = tf.nn.relu6(self.bn1(self.depthwise_conv(features), training=training))
        features = self.bn2(self.project_conv(features), training=training)
        stays = self.settings["stride"] == 1 and inputs.shape[-1] == self.channels
        return features + inputs if stays else features


# === Backbone ===


@register
class EfficientNetLite(BlockBackbone):
    """The convolutions of an EfficientNet-Lite.

    Args:
        version: 0 or 2.
        output_stride: of the last feature: 32, 16 or 8. Strides that are left out become dilations, so that on sides
            that 32 divides pixels 1, 3, 5, … (3, 7, 11, …) are the strided network's.
        from_scratch: False freezes every BatchNorm and what runs at stride 2, the first convolution and block.
        rematerialise: blocks keep only their inputs for backpropagation, see `call_block`.
        low_stride: of the shallow feature, 4 or 8.
    """

    def __init__(
        self,
        version: int = 0,
        output_stride: int = 16,
        from_scratch: bool = False,
        rematerialise: bool = False,
        low_stride: int = 4,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)  # the input is prepared in float32 under any policy
        widths, depths = _SCALES[version]
        low_stage = _LOW_STAGES[low_stride]
        self.low_channels, self.high_channels = _channels(_STAGES[low_stage].filters, widths), _HEAD
        self.conv_stem, self.bn0 = conv(_STEM, 3, 2, padding="same"), _batch_norm()
        self.conv_head, self.bn1 = conv(_HEAD, 1), _batch_norm()
        reached, dilation = 2, 1
        for index, stage in enumerate(_STAGES):
            strided = reached * stage.stride <= output_stride
            reached *= stage.stride if strided else 1
            for repeat in range(_blocks(index, depths)):
                name = f"block{len(self.block_names)}"
                first = repeat == 0
                block = InvertedResidual(
                    _channels(stage.filters, widths),
                    stage.kernel,
                    stage.expansion,
                    stage.stride if first and strided else 1,
                    dilation,
                    name=name,
                )
                self.add_block(block)
                if index == low_stage:
                    self._low_block = name
                if first and not strided:
                    dilation *= stage.stride

    def _freeze(self) -> None:
        """What the paper does not update of its backbone: what runs at stride 2, and every BatchNorm."""
        for layer in (self.conv_stem, self.bn0, self.block0, self.bn1):
            layer.trainable = False
        for block in self.blocks():
            for norm in block.norms():
                norm.trainable = False

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, 3]."""
        self.conv_stem.build(input_shape)
        self.bn0.build((None, None, None, _STEM))
        self.conv_head.build((None, None, None, self.build_blocks(_STEM)))
        self.bn1.build((None, None, None, _HEAD))
        if not self.settings["from_scratch"]:
            self._freeze()
        super().build(input_shape)

    def call(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """ImageNet-normalised RGB to the two features that the decoder uses.

        Args:
            images: float32 [B, H, W, 3].
            training: batch statistics where they are not frozen.
            seed: no matter here, there is no randomness.

        Returns:
            low [B, ceil(H / 4), ceil(W / 4), 24]: the last block's at the low stride; at 8, [B, ceil(H / 8), ...]
            with 40 channels; high [B, h, w, 1280]: the last convolution's, in [0, 6].
        """
        prepared = tf.cast(to_half_range(images), self.compute_dtype)
        features = tf.nn.relu6(self.bn0(self.conv_stem(prepared), training=training))
        low, features = self.call_blocks(features, low_block=self._low_block, training=training)
        return low, tf.nn.relu6(self.bn1(self.conv_head(features), training=training))
