"""Computing in half precision while weights and losses stay in float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import keras

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextmanager
def precision(name: Literal["float32", "bfloat16"]) -> Iterator[None]:
    """Networks built inside compute in this precision; Keras' own policy is as before afterwards."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(_POLICIES[name])
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
