"""PAMR inside a graph: `wsfcn_tf.ops.pamr` without XLA, which a server may not have and which would compile every size.

Loops over the 48 neighbours, one at a time, so that memory is 48 numbers a pixel and not 48 photos; only the channels
that are somewhere above 0 are averaged.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

_NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
_OfOffset = Callable[[tf.Tensor], tf.Tensor]


def refine(
    images: tf.Tensor,
    masks: tf.Tensor,
    iterations: int = 10,
    dilations: tuple[int, ...] = (1, 2, 4, 8, 12, 24),
) -> tf.Tensor:
    """Moves mask borders to image borders, one photo after the other.

    Args:
        images: uint8 [B, H, W, 3].
        masks: float32 [B, H, W, 1 + C] in [0, 1].
        iterations: rounds of averaging.
        dilations: distances at which the eight neighbours are taken.

    Returns:
        float32 like `masks`, as `pamr` gives it.
    """
    offsets = np.array([(distance * y, distance * x) for distance in dilations for y, x in _NEIGHBOURS], np.int32)

    def one(elements: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        image, mask = elements
        present = tf.where(tf.reduce_max(mask, axis=[0, 1]) > 0)[:, 0]
        weights = _affinity(tf.cast(image, tf.float32) / 255.0, offsets, max(dilations))
        refined = tf.gather(mask, present, axis=2)
        (refined,) = tf.while_loop(
            lambda *_: tf.constant(True),
            lambda values: (_average(values, weights, offsets, max(dilations)),),
            (refined,),
            maximum_iterations=iterations,
            parallel_iterations=1,
        )
        back = tf.one_hot(present, tf.shape(mask)[-1])
        return tf.ensure_shape(tf.einsum("hwk,kc->hwc", refined, back), mask.shape)

    return tf.map_fn(one, (images, masks), fn_output_signature=masks.dtype, parallel_iterations=1)


def _average(values: tf.Tensor, weights: tf.Tensor, offsets: np.ndarray, reach: int) -> tf.Tensor:
    """[H, W, K] averaged over the neighbours with weights [N, H, W]."""
    neighbour = _neighbours(values, offsets, reach)
    return _sum_over(offsets, lambda i: (weights[i][..., None] * neighbour(i),), (tf.zeros_like(values),))[0]


def _affinity(image: tf.Tensor, offsets: np.ndarray, reach: int) -> tf.Tensor:
    """Softmax over the neighbours of the channel mean of -|x - x_n| / (1e-8 + 0.1 std): [H, W, 3] -> [N, H, W]."""
    neighbour = _neighbours(image, offsets, reach)

    def moments(i: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        difference = neighbour(i) - image
        return difference, difference * difference

    zeros = tf.zeros_like(image)
    total, squares = _sum_over(offsets, moments, (zeros, zeros))
    count = len(offsets) + len(offsets) // len(_NEIGHBOURS)  # the centre once for each distance
    deviation = tf.sqrt(tf.maximum(squares - total * total / count, 0.0) / (count - 1))
    scale = 1.0 / (1e-8 + 0.1 * deviation)
    logits = tf.map_fn(
        lambda i: -tf.reduce_mean(tf.abs(neighbour(i) - image) * scale, axis=2),
        tf.range(len(offsets)),
        fn_output_signature=tf.float32,
        parallel_iterations=1,
    )
    return tf.nn.softmax(logits, axis=0)


def _neighbours(values: tf.Tensor, offsets: np.ndarray, reach: int) -> _OfOffset:
    """From an offset's number to [H, W, K] shifted by it, border replicated."""
    height, width = tf.shape(values)[0], tf.shape(values)[1]
    rows = tf.clip_by_value(tf.range(-reach, height + reach), 0, height - 1)
    columns = tf.clip_by_value(tf.range(-reach, width + reach), 0, width - 1)
    padded = tf.gather(tf.gather(values, rows, axis=0), columns, axis=1)

    def shifted(i: tf.Tensor) -> tf.Tensor:
        top, left = tf.unstack(reach + tf.gather(offsets, i))
        return padded[top : top + height, left : left + width]

    return shifted


def _sum_over(
    offsets: np.ndarray, terms: Callable[[tf.Tensor], tuple[tf.Tensor, ...]], zeros: tuple[tf.Tensor, ...]
) -> tuple[tf.Tensor, ...]:
    def step(i: tf.Tensor, *sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return (i + 1, *(total + term for total, term in zip(sums, terms(i), strict=True)))

    invariants = (tf.TensorShape([]), *(tf.TensorShape([None, None, None]) for _ in zeros))
    _, *sums = tf.while_loop(
        lambda i, *_: i < len(offsets), step, (tf.constant(0), *zeros), invariants, parallel_iterations=1
    )
    return tuple(sums)
