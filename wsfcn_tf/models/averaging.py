"""The average of the weights over the steps (`training.ema`), which Keras' optimisers keep among their variables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Within, the compiled model's trained weights are their averages; afterwards they are what they were.

    Running statistics of BatchNorms are averages already, and stay. Without `use_ema`, nothing changes.
    """
    optimizer = model.optimizer
    if not optimizer.use_ema:
        yield
        return
    raw = [value_of(variable) for variable in model.trainable_variables]
    optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, raw, strict=True):
            variable.assign(value)


def value_of(variable: Any) -> np.ndarray:
    """A copy of a variable's value; NumPy's own functions cannot read one of several replicas within their scope."""
    return np.array(tf.convert_to_tensor(variable))
