"""SF2 as the paper's Eqs. 7-12 have it, where the release differs (see `sf2` and `alignment`)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.layers import ConvNormReLU, Layer, register
from wsfcn_tf.ops import resize_align_corners, sample_bilinear


@register
class PaperSF2(Layer):
    """With E a 3x3 convolution with bias, BatchNorm and ReLU, one per expression below:

    offset = E(Cat(Up(high), low)) (Eq. 11), in pixels of low; up(p) = high((p + offset(p)) / s), s the ratio of the
    sides, 2 here (Eq. 12); deep = E(E(up) + E(up) E(low)), shallow = E(E(low) + E(up) E(low)) (Eqs. 7-8).
    As E ends in a ReLU, offsets are not negative. The paper leaves open what lies outside: its border goes on.

    Args:
        filters: output channels (the paper: 256).
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.offset = ConvNormReLU(2, 3, use_bias=True)
        for name in ("inner_deep", "inner_shallow", "outer_deep", "outer_shallow"):
            setattr(self, name, ConvNormReLU(filters, 3, use_bias=True))

    def build(self, input_shape: list[tuple]) -> None:
        """[low [B, H, W, L], high [B, h, w, D]]."""
        low, high = input_shape
        inner = (None, None, None, self.filters)
        self.offset.build((None, None, None, low[-1] + high[-1]))
        self.inner_deep.build(high)
        self.inner_shallow.build(low)
        self.outer_deep.build(inner)
        self.outer_shallow.build(inner)
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """[low [B, H, W, L], high [B, h, w, D]] -> (shallow, deep), each [B, H, W, filters]."""
        low, high = inputs
        coarse = tf.cast(resize_align_corners(high, tf.shape(low)[1:3]), low.dtype)
        offset = self.offset(tf.concat([coarse, low], axis=-1), training=training)
        up = sample_bilinear(high, offset_positions(offset, tf.shape(high)[1:3]))
        deep, shallow = self.inner_deep(up, training=training), self.inner_shallow(low, training=training)
        both = deep * shallow
        return self.outer_shallow(shallow + both, training=training), self.outer_deep(deep + both, training=training)


def offset_positions(offset: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Eq. 12: (p + offset) / s as normalised positions, moved to the border where they lie outside.

    Args:
        offset: float [B, H, W, 2], (x, y), in its own pixels.
        size: int32 [2], (height, width) of the map to sample; s is ceil of the sides' ratio, for 81 and 41 pixels 2.

    Returns:
        float32 [B, H, W, 2], as `sample_bilinear` wants them.
    """
    offset = tf.cast(offset, tf.float32)
    height, width = tf.shape(offset)[1], tf.shape(offset)[2]
    pixels = tf.stack(tf.meshgrid(tf.range(width), tf.range(height)), axis=-1)
    ratio = tf.math.ceil(tf.stack([width, height]) / size[::-1])
    last = tf.cast(size[::-1] - 1, tf.float32)
    positions = (tf.cast(pixels, tf.float32) + offset) / tf.cast(ratio, tf.float32)
    return tf.math.divide_no_nan(2.0 * tf.clip_by_value(positions, 0.0, last), last) - 1.0
