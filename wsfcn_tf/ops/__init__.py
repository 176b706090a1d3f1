"""Pure functions on tensors: no weights, no state."""

from wsfcn_tf.ops.colour_fit import colour_fit
from wsfcn_tf.ops.convolution import dilated_conv2d, tap_conv2d
from wsfcn_tf.ops.pamr import pamr, pamr_tagged
from wsfcn_tf.ops.resample import grid_positions, sample_bilinear
from wsfcn_tf.ops.resize import adaptive_average_pool, resize_align_corners, resize_half_pixel
from wsfcn_tf.ops.saliency_shift import with_saliency

__all__ = [
    "adaptive_average_pool",
    "colour_fit",
    "dilated_conv2d",
    "grid_positions",
    "pamr",
    "pamr_tagged",
    "resize_align_corners",
    "resize_half_pixel",
    "sample_bilinear",
    "tap_conv2d",
    "with_saliency",
]
