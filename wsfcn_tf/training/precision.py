"""Computing in half precision while weights and losses stay in float32."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


@contextmanager
def precision(name: Literal["float32", "bfloat16", "float16"]) -> Iterator[None]:
    """Networks built inside compute in this precision; Keras' own policy is as before afterwards.

    Prints a line where the hardware would compute it slower than float32.
    """
    if name == "float16" and not tf.config.list_physical_devices("GPU"):
        print("this is no GPU: float16 is emulated, training.precision=float32 will be much faster")
    if name == "bfloat16" and _has_slow_bfloat16():
        print("this CPU has no bfloat16 instructions: training.precision=float32 will be much faster")
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(_POLICIES[name])
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def _has_slow_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether training would run on a CPU that emulates bfloat16; False where there is no telling."""
    if tf.config.list_physical_devices("GPU") or not cpuinfo.is_file():
        return False
    return not re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", cpuinfo.read_text())
