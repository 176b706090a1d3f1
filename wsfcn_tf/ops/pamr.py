"""PAMR, pixel-adaptive mask refinement (SSSS, arXiv 2005.08104, section 3.3).

The release convolves every channel with 48 one-hot 3x3 kernels per iteration. Here one clamped gather makes the
replicated border and the 48 neighbours are plain slices of it, which XLA fuses into a single pass over the output.
Tensors are kept as [B, H, C, W]: rows are contiguous for the vector units, and the 48 weights of a row stay in cache
while its channels go by. `benchmarks/pamr.py` measures it.
"""

import functools
import operator

import tensorflow as tf

from wsfcn_tf.ops.resize import resize_align_corners

_NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def pamr(
    images: tf.Tensor,
    masks: tf.Tensor,
    iterations: int = 10,
    dilations: tuple[int, ...] = (1, 2, 4, 8, 12, 24),
) -> tf.Tensor:
    """Moves mask borders to image borders by repeated averaging over similar neighbours.

    A `tf.function` compiled by XLA; no gradient flows through it. Channels do not mix: a channel's result does not
    depend on the others.

    Args:
        images: float32 [B, H, W, 3] in [0, 1].
        masks: float32 [B, h, w, K]; resized to [H, W] (align-corners) first.
        iterations: rounds of averaging.
        dilations: distances at which the eight neighbours are taken.

    Returns:
        float32 [B, H, W, K].
    """
    # stopped out here: Keras 2's TensorFlow cannot record a compiled loop on a gradient tape
    return _refine(tf.stop_gradient(images), tf.stop_gradient(masks), iterations, dilations)


@functools.partial(tf.function, jit_compile=True, reduce_retracing=True, autograph=False)
def _refine(images: tf.Tensor, masks: tf.Tensor, iterations: int, dilations: tuple[int, ...]) -> tf.Tensor:
    masks = resize_align_corners(masks, tf.shape(images)[1:3])
    rows = tf.transpose(masks, [0, 1, 3, 2])
    affinity = _affinity(tf.transpose(images, [0, 1, 3, 2]), dilations)
    weights = tf.split(affinity, len(_NEIGHBOURS) * len(dilations), axis=2)

    def average(rows: tf.Tensor) -> list[tf.Tensor]:
        neighbours = _neighbours(rows, dilations)
        return [_sum(weight * neighbour for weight, neighbour in zip(weights, neighbours, strict=True))]

    # a loop in the graph: unrolled, XLA would compile each iteration
    (rows,) = tf.while_loop(lambda _: True, average, [rows], maximum_iterations=iterations)
    return tf.transpose(rows, [0, 1, 3, 2])


def pamr_tagged(
    images: tf.Tensor,
    masks: tf.Tensor,
    tags: tf.Tensor,
    max_tags: int,
    iterations: int = 10,
    dilations: tuple[int, ...] = (1, 2, 4, 8, 12, 24),
) -> tf.Tensor:
    """PAMR of the background and the tagged channels only; every other channel of the result is 0.

    Channels are independent and the pseudo labels drop the untagged ones, so this loses nothing.

    Args:
        images: float32 [B, H, W, 3] in [0, 1].
        masks: float32 [B, h, w, 1 + C].
        tags: float32 [B, C] in {0, 1}.
        max_tags: at least the largest number of tags of an image; fixes the shape of the computation.
        iterations: see `pamr`.
        dilations: see `pamr`.

    Returns:
        float32 [B, H, W, 1 + C].
    """
    classes = masks.shape[-1]
    wanted = tf.concat([tf.ones_like(tags[:, :1]), tags], axis=1)
    _, channels = tf.math.top_k(wanted, k=min(1 + max_tags, classes))
    refined = pamr(images, tf.gather(masks, channels, axis=3, batch_dims=1), iterations, dilations)
    # top_k fills up with untagged channels where an image has fewer tags: the product with `wanted` zeroes those
    back = tf.one_hot(channels, classes) * wanted[:, None]
    return tf.einsum("bhwk,bkc->bhwc", refined, back)


def _affinity(images: tf.Tensor, dilations: tuple[int, ...]) -> tf.Tensor:
    """Softmax over the neighbours of the channel mean of -|x - x_n| / (1e-8 + 0.1 std): [B, H, 3, W] -> [B, H, N, W].

    The standard deviation (unbiased) is over the 9 window values of every dilation, the centre counted each time.
    It is taken from differences to the centre: no digits are lost on flat regions, and one pass gives both moments.
    """
    differences = [neighbour - images for neighbour in _neighbours(images, dilations)]
    count = 9 * len(dilations)
    squares = _sum(difference * difference for difference in differences)
    total = _sum(differences)
    # cancellation may leave -1e-9 where all is flat
    deviation = tf.sqrt(tf.maximum(squares - total * total / count, 0.0) / (count - 1))
    scale = 1.0 / (1e-8 + 0.1 * deviation)
    logits = [-tf.reduce_mean(tf.abs(difference) * scale, axis=2, keepdims=True) for difference in differences]
    return tf.nn.softmax(tf.concat(logits, axis=2), axis=2)


def _neighbours(rows: tf.Tensor, dilations: tuple[int, ...]) -> list[tf.Tensor]:
    """The neighbours of every pixel, border replicated: [B, H, C, W] -> 8 * len(dilations) x [B, H, C, W]."""
    height, width, reach = tf.shape(rows)[1], tf.shape(rows)[3], max(dilations)

    def clamped(size: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(tf.range(-reach, size + reach), 0, size - 1)

    padded = tf.gather(tf.gather(rows, clamped(height), axis=1), clamped(width), axis=3)
    starts = [(reach + d * y, reach + d * x) for d in dilations for y, x in _NEIGHBOURS]
    return [padded[:, top : top + height, :, left : left + width] for top, left in starts]


_sum = functools.partial(functools.reduce, operator.add)
