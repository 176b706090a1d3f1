"""How large a network is, and what one image costs it."""

import keras
import numpy as np
import tensorflow as tf


def count_parameters(model: keras.Model) -> tuple[int, int]:
    """The number of a model's parameters, and of those that training updates (the papers' "Params")."""

    def total(variables: list) -> int:
        return int(sum(np.prod(variable.shape) for variable in variables))

    return total(model.weights), total(model.trainable_variables)


def count_multiply_adds(model: keras.Model, side: int = 321) -> int:
    """The multiply-adds of all convolutions and matrix products for one square image, in inference.

    Reads them off the traced graph; what is not a convolution or a matrix product is left out, as is usual.

    Args:
        model: from `build_model`.
        side: the image's, in pixels.
    """
    function = tf.function(lambda images: model(images, training=False), autograph=False)
    graph = function.get_concrete_function(tf.TensorSpec([1, side, side, 3])).graph
    return sum(_multiply_adds(operation) for operation in graph.get_operations())


def _multiply_adds(operation: tf.Operation) -> int:
    if operation.type in ("Conv2D", "DepthwiseConv2dNative"):
        kernel = operation.inputs[1].shape
        outputs = operation.outputs[0].shape.num_elements()
        return outputs * kernel[0] * kernel[1] * (kernel[2] if operation.type == "Conv2D" else 1)
    if operation.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
        transposed = operation.get_attr("transpose_a" if operation.type == "MatMul" else "adj_x")
        inner = operation.inputs[0].shape[-2 if transposed else -1]
        return operation.outputs[0].shape.num_elements() * inner
    return 0
