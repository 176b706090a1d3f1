"""Dense resampling: reading a feature map at arbitrary positions (SF2's alignment, paper section III-C).

TensorFlow Addons has reached its end of life, so its one use stands behind `sample_bilinear`, beside a twin in plain
TensorFlow that gives the same values and the same gradients.
"""

import warnings

import tensorflow as tf

try:
    with warnings.catch_warnings():  # TensorFlow Addons announces its own end of life at every import
        warnings.simplefilter("ignore")
        from tensorflow_addons.image import interpolate_bilinear as _tfa_function

    # as Addons wrote it, without the function of its own, which AutoGraph would rewrite anew in each process
    _tfa_interpolate_bilinear = tf.autograph.experimental.do_not_convert(_tfa_function.python_function)
except ImportError:  # current TensorFlow, for which there is no TensorFlow Addons
    _tfa_interpolate_bilinear = None


def interpolate_bilinear(grid: tf.Tensor, query: tf.Tensor) -> tf.Tensor:
    """Plain-TensorFlow twin of `tfa.image.interpolate_bilinear`.

    Args:
        grid: float32 [B, H, W, C], H and W at least 2.
        query: float32 [B, N, 2], (row, column) in pixels; positions outside are moved to the border.

    Returns:
        float32 [B, N, C].
    """
    height, width = tf.shape(grid)[1], tf.shape(grid)[2]
    top, row_share = _cell(query[..., 0], height)
    left, column_share = _cell(query[..., 1], width)

    flat = tf.reshape(grid, [tf.shape(grid)[0], height * width, grid.shape[-1]])

    def corner(row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
        return tf.gather(flat, row * width + column, batch_dims=1)

    upper_left, upper_right = corner(top, left), corner(top, left + 1)
    lower_left, lower_right = corner(top + 1, left), corner(top + 1, left + 1)
    upper = upper_left + column_share * (upper_right - upper_left)
    lower = lower_left + column_share * (lower_right - lower_left)
    return upper + row_share * (lower - upper)


def _cell(position: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The cell [i, i + 1] that holds each position of one axis, as (i, share of i + 1)."""
    first = tf.clip_by_value(tf.floor(position), 0.0, tf.cast(size, position.dtype) - 2.0)
    # maximum() before minimum(), constants first: as in TFA, the gradient at an integer position is 0
    share = tf.minimum(tf.maximum(0.0, position - first), 1.0)
    return tf.cast(first, tf.int32), share[..., None]


def sample_bilinear(features: tf.Tensor, positions: tf.Tensor, backend: str = "auto") -> tf.Tensor:
    """Reads `features` at normalised positions, zero outside (torch: `grid_sample`, align_corners, zeros).

    Args:
        features: float [B, H, W, C].
        positions: float32 [B, h, w, 2], (x, y); -1 and 1 are the centres of the border pixels.
        backend: "tfa", "tf", or "auto", which takes TensorFlow Addons where it can be imported.

    Returns:
        [B, h, w, C] of the features' dtype.

    Raises:
        ImportError: backend is "tfa" and TensorFlow Addons is not installed.
    """
    if backend == "tfa" and _tfa_interpolate_bilinear is None:
        raise ImportError("backend 'tfa' needs tensorflow-addons, which current TensorFlow does not have; use 'tf'")
    interpolate = (None if backend == "tf" else _tfa_interpolate_bilinear) or interpolate_bilinear

    shape, target = tf.shape(features), tf.shape(positions)
    last = tf.cast(shape[1:3] - 1, tf.float32)
    # The border of one zero pixel turns "moved to the border" into "zero outside", blending in between.
    padded = tf.pad(tf.cast(features, tf.float32), [[0, 0], [1, 1], [1, 1], [0, 0]])
    query = (tf.reverse(positions, [-1]) + 1.0) / 2.0 * last + 1.0
    values = interpolate(padded, tf.reshape(query, [shape[0], target[1] * target[2], 2]))
    values = tf.reshape(values, [shape[0], target[1], target[2], features.shape[-1]])
    return tf.cast(values, features.dtype)


def grid_positions(flow: tf.Tensor) -> tf.Tensor:
    """Where each pixel of a flow field points: x = -1 + 2 j / (W - 1) + flow_x / W, and likewise y (release).

    Args:
        flow: float [B, H, W, 2], (x, y).

    Returns:
        float32 [B, H, W, 2], normalised as `sample_bilinear` wants them.
    """
    flow = tf.cast(flow, tf.float32)
    height, width = tf.shape(flow)[1], tf.shape(flow)[2]
    x, y = tf.meshgrid(tf.linspace(-1.0, 1.0, width), tf.linspace(-1.0, 1.0, height))
    size = tf.cast(tf.stack([width, height]), tf.float32)
    return tf.stack([x, y], axis=-1) + flow / size
