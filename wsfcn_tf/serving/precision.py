"""A trained network in half precision: its weights are stored and its layers compute in it."""

from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.models import Network, build_model

Precision = Literal["float32", "float16", "bfloat16"]


def in_precision(model: Network, precision: Precision) -> Network:
    """A network with the same weights; the model itself for float32.

    What asks for float32 whatever the policy is, such as depthwise convolutions, stays float32; on Keras 2 BatchNorms
    do, too.

    Args:
        model: built, in float32.
        precision: of the new one. Its inputs, scores and masks are float32 all the same.

    Raises:
        UserError: a weight is too large for it.
    """
    if precision == "float32":
        return model
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(precision)
    try:
        half = build_model(model.config)
    finally:
        keras.mixed_precision.set_global_policy(before)
    for target, source in zip(half.weights, model.weights, strict=True):
        values = tf.cast(tf.convert_to_tensor(np.asarray(source)), target.dtype)
        if not np.isfinite(np.asarray(tf.cast(values, tf.float32))).all():
            raise UserError(
                f"--precision {precision}: weight {source.name} is beyond its range: use bfloat16 or float32"
            )
        target.assign(values)
    return half
