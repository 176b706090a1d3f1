"""VGG-16 (Simonyan & Zisserman, arXiv 1409.1556), dilated at will.

Structure, layer names and the input that the weights expect are those of `keras.applications`.
"""

from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.models.layers import Layer, conv, register
from wsfcn_tf.ops.normalise import to_caffe

# === Structure ===

# filters and convolutions of each block; a pool of stride 2 follows each
_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


# === Backbone ===


@register
class VGG16(Layer):
    """The convolutions of VGG-16.

    Args:
        output_stride: of the last feature. At 32 the last pool is kept; at 16 it is left out; at 8 the fourth pool has
            stride 1 and the fifth block dilation 2, so that on sides that 16 divides every second pixel is the strided
            network's.
        from_scratch: False freezes the first block.
        low_stride: of the shallow feature, 4 or 8.
    """

    def __init__(self, output_stride: int = 16, from_scratch: bool = False, low_stride: int = 4, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)  # the input is prepared in float32 under any policy
        self._low_block = {4: 3, 8: 4}[low_stride]
        self.low_channels, self.high_channels = _BLOCKS[self._low_block - 1][0], _BLOCKS[-1][0]
        for block, (filters, count) in enumerate(_BLOCKS, start=1):
            dilation = 2 if output_stride == 8 and block == len(_BLOCKS) else 1
            for index in range(1, count + 1):
                name = f"block{block}_conv{index}"
                layer = conv(filters, 3, use_bias=True, dilation_rate=dilation, name=name)
                layer.trainable = from_scratch or block > 1
                setattr(self, name, layer)

    def build(self, input_shape: tuple) -> None:
        """[B, H, W, 3]."""
        channels = 3
        for layer in self.applications_layers().values():
            layer.build((None, None, None, channels))
            channels = layer.filters
        super().build(input_shape)

    def call(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """ImageNet-normalised RGB to the two features that the decoder uses; no randomness.

        Args:
            images: float32 [B, H, W, 3].
            training: no matter here.
            seed: no matter here.

        Returns:
            low [B, H // 4, W // 4, 256]: the third block's output; at low stride 8 the fourth's,
            [B, H // 8, W // 8, 512]; high [B, h, w, 512]: the last feature.
        """
        features = low = tf.cast(to_caffe(images), self.compute_dtype)
        for block, (_, count) in enumerate(_BLOCKS, start=1):
            for index in range(1, count + 1):
                features = tf.nn.relu(getattr(self, f"block{block}_conv{index}")(features))
            if block == self._low_block:
                low = features
            features = self._pool(features, block)
        return low, features

    def _pool(self, features: tf.Tensor, block: int) -> tf.Tensor:
        output_stride = self.settings["output_stride"]
        if block == 5 and output_stride < 32:
            return features
        if block == 4 and output_stride == 8:
            return tf.nn.max_pool2d(features, 2, strides=1, padding="SAME")
        return tf.nn.max_pool2d(features, 2, strides=2, padding="VALID")

    def applications_layers(self) -> dict[str, keras.layers.Layer]:
        """The layers with weights, in order, under their names in `keras.applications.VGG16`."""
        names = (f"block{b}_conv{i}" for b, (_, count) in enumerate(_BLOCKS, start=1) for i in range(1, count + 1))
        return {name: getattr(self, name) for name in names}
