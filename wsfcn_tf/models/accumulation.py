"""Gradient accumulation: a batch that is computed part by part, in the memory of one part."""

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

Values = dict[str, tf.Tensor]
Gradients = list[tf.Tensor]


def in_parts(
    function: Callable[..., tuple[Values, Gradients]],
    parts: int,
    batch: Sequence[tf.Tensor],
    seed: tf.Tensor,
    of_an_image: Mapping[str, Sequence[int | None]],
    shapes: Sequence[tf.TensorShape],
) -> tuple[Values, Gradients]:
    """Calls a function on one part of a batch after another.

    In a loop of the graph: were the parts written out, TensorFlow would compute them at the same time, and no memory
    would be saved.

    Args:
        function: (*batch, seed) of a part -> values of each image {name: float32 [B / parts, ...]}, gradients.
        parts: how many.
        batch: tensors of B images' photos, tags and what else there is, [B, ...].
        seed: int32 [2]; each part gets one of its own.
        of_an_image: the shape of an image's value, by its name; () for a number.
        shapes: of the gradients, which are float32.

    Returns:
        The values of all images in their order, {name: float32 [B, ...]}, and the means of the parts' gradients.

    Raises:
        ValueError: B is not a multiple of `parts`, or not known beforehand.
    """
    images = batch[0].shape[0]
    if images is None:
        raise ValueError(f"{parts} parts need batches of one size: make them with batch(N, drop_remainder=True)")
    if images % parts:
        raise ValueError(f"a batch of {images} cannot be split into {parts} equal parts")
    size = images // parts
    split = [tf.reshape(x, [parts, size, *x.shape[1:]]) for x in batch]

    def body(part: tf.Tensor, sums: Gradients, rows: Values) -> tuple[tf.Tensor, Gradients, Values]:
        part_seed = tf.random.experimental.stateless_fold_in(seed, part, alg="philox")
        values, gradients = function(*(x[part] for x in split), part_seed)
        sums = [total + gradient / parts for total, gradient in zip(sums, gradients, strict=True)]
        return part + 1, sums, {name: rows[name].write(part, values[name]) for name in rows}

    start = (
        tf.constant(0),
        [tf.zeros(shape) for shape in shapes],
        {name: tf.TensorArray(tf.float32, parts, element_shape=[size, *shape]) for name, shape in of_an_image.items()},
    )
    _, sums, rows = tf.while_loop(lambda part, *_: part < parts, body, start, parallel_iterations=1)
    return {name: rows[name].concat() for name in rows}, sums
