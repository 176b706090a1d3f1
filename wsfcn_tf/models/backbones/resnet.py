"""ResNet-50 and -101 (He et al., arXiv 1512.03385), dilated at will.

Structure, layer names and the input that the weights expect are those of `keras.applications`.
"""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.backbones.blocks import BlockBackbone
from wsfcn_tf.models.layers import Layer, batch_norm, conv, he_normal, register
from wsfcn_tf.ops.normalise import to_caffe

# === Structure ===

_BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
_FILTERS = (64, 128, 256, 512)
_EXPANSION = 4
# stage (conv2, conv3, ...): its stride and dilation at each output stride
_STRIDES = {32: (1, 2, 2, 2), 16: (1, 2, 2, 1), 8: (1, 2, 1, 1)}
_DILATIONS = {32: (1, 1, 1, 1), 16: (1, 1, 1, 2), 8: (1, 1, 2, 4)}


def _conv(filters: int, kernel: int, **kwargs: Any) -> keras.layers.Conv2D:
    return keras.layers.Conv2D(filters, kernel, kernel_initializer=he_normal(), **kwargs)  # with bias, as there


def _batch_norm() -> keras.layers.BatchNormalization:
    return batch_norm(momentum=0.99, epsilon=1.001e-5)  # as there


# === Block ===


@register
class ResNetBlock(Layer):
    """1x1, 3x3, 1x1, each with BatchNorm; ReLU between them and after the sum. The stride is in the first 1x1.

    Args:
        filters: of the first two convolutions; the output has four times as many.
        stride: of the first 1x1 and the shortcut.
        dilation: of the 3x3.
        projected: whether the shortcut is a 1x1 convolution and BatchNorm.
    """

    def __init__(
        self, filters: int, stride: int = 1, dilation: int = 1, projected: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.channels = _EXPANSION * filters
        self.conv1, self.bn1 = _conv(filters, 1), _batch_norm()
        self.conv2, self.bn2 = conv(filters, 3, use_bias=True, dilation_rate=dilation), _batch_norm()
        self.conv3, self.bn3 = _conv(self.channels, 1), _batch_norm()
        if projected:
            self.conv0, self.bn0 = _conv(self.channels, 1), _batch_norm()

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, C]."""
        channels = input_shape[-1]
        if self.settings["projected"]:
            self._build_pair(0, channels)
        for index in (1, 2, 3):
            channels = self._build_pair(index, channels)
        super().build(input_shape)

    def _build_pair(self, index: int, channels: int) -> int:
        layer, norm = getattr(self, f"conv{index}"), getattr(self, f"bn{index}")
        layer.build((None, None, None, channels))
        norm.build((None, None, None, layer.filters))
        return layer.filters

    def call(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        """[B, H, W, C] -> [B, ceil(H / stride), ceil(W / stride), 4 filters], not negative."""
        stride = self.settings["stride"]
        inputs = inputs[:, ::stride, ::stride]  # a 1x1 convolution's stride; see `wide_resnet38` for why it is a slice
        branch = tf.nn.relu(self.bn1(self.conv1(inputs), training=training))
        branch = tf.nn.relu(self.bn2(self.conv2(branch), training=training))
        branch = self.bn3(self.conv3(branch), training=training)
        shortcut = self.bn0(self.conv0(inputs), training=training) if self.settings["projected"] else inputs
        return tf.nn.relu(shortcut + branch)


# === Backbone ===


@register
class ResNet(BlockBackbone):
    """The convolutions of a ResNet with bottlenecks.

    Args:
        depth: 50 or 101.
        output_stride: of the last feature: 32, 16 (the SSSS release's choice) or 8. Strides that are left out become
            dilations, so that every second (fourth) pixel is the strided network's.
        from_scratch: False freezes every BatchNorm and the first convolution.
        rematerialise: blocks keep only their inputs for backpropagation, see `call_block`.
        low_stride: of the shallow feature, 4 or 8.
    """

    def __init__(
        self,
        depth: int = 50,
        output_stride: int = 16,
        from_scratch: bool = False,
        rematerialise: bool = False,
        low_stride: int = 4,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)  # the input is prepared in float32 under any policy
        low_stage = {4: 0, 8: 1}[low_stride]
        self.low_channels, self.high_channels = _EXPANSION * _FILTERS[low_stage], _EXPANSION * _FILTERS[-1]
        self._low_block = f"conv{low_stage + 2}_block{_BLOCKS[depth][low_stage]}"
        self.conv1_conv, self.conv1_bn = _conv(64, 7, strides=2), _batch_norm()
        stages = zip(_BLOCKS[depth], _FILTERS, _STRIDES[output_stride], _DILATIONS[output_stride], strict=True)
        for stage, (count, filters, stride, dilation) in enumerate(stages, start=2):
            for index in range(1, count + 1):
                first = index == 1
                name = f"conv{stage}_block{index}"
                block = ResNetBlock(filters, stride if first else 1, dilation, projected=first, name=name)
                self.add_block(block)
        if not from_scratch:
            self.conv1_conv.trainable = False
            for layer in self.applications_layers().values():
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.trainable = False

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, 3]."""
        self.conv1_conv.build(input_shape)
        self.conv1_bn.build((None, None, None, self.conv1_conv.filters))
        self.build_blocks(self.conv1_conv.filters)
        super().build(input_shape)

    def call(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """ImageNet-normalised RGB to the two features that the decoder uses.

        Args:
            images: float32 [B, H, W, 3].
            training: batch statistics where they are not frozen.
            seed: no matter here, there is no randomness.

        Returns:
            low [B, ceil(H / 4), ceil(W / 4), 256]: the first stage's output; at low stride 8 the second's,
            [B, ceil(H / 8), ceil(W / 8), 512]; high [B, h, w, 2048]: the last one's.
        """
        padded = tf.pad(tf.cast(to_caffe(images), self.compute_dtype), [[0, 0], [3, 3], [3, 3], [0, 0]])
        features = tf.nn.relu(self.conv1_bn(self.conv1_conv(padded), training=training))
        features = tf.nn.max_pool2d(tf.pad(features, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, strides=2, padding="VALID")
        return self.call_blocks(features, low_block=self._low_block, training=training)

    def applications_layers(self) -> dict[str, keras.layers.Layer]:
        """The layers with weights under their names in `keras.applications`."""
        layers = {"conv1_conv": self.conv1_conv, "conv1_bn": self.conv1_bn}
        for block in self.blocks():
            for index in (0, 1, 2, 3) if block.settings["projected"] else (1, 2, 3):
                layers[f"{block.name}_{index}_conv"] = getattr(block, f"conv{index}")
                layers[f"{block.name}_{index}_bn"] = getattr(block, f"bn{index}")
        return layers
