"""Computing in half precision while weights and losses stay in float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import keras
import tensorflow as tf

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
_CPUINFO = Path("/proc/cpuinfo")


def fastest_precision() -> Literal["float32", "bfloat16"]:
    """What `precision: auto` stands for: bfloat16 where the hardware surely computes in it, else float32."""
    return "bfloat16" if _has_bfloat16() else "float32"


def resolved(name: Literal["float32", "bfloat16", "auto"]) -> Literal["float32", "bfloat16"]:
    """A precision, for "auto" what it stands for here."""
    return fastest_precision() if name == "auto" else name


@contextmanager
def precision(name: Literal["float32", "bfloat16", "float16"]) -> Iterator[None]:
    """Networks built inside compute in this precision; Keras' own policy is as before afterwards.

    Prints a line where the hardware would compute it slower than float32.
    """
    if name == "float16" and not tf.config.list_physical_devices("GPU"):
        print("this is no GPU: float16 is emulated, precision float32 will be much faster")
    if name == "bfloat16" and _has_bfloat16() is False:
        print("no bfloat16 instructions here, they are emulated: precision float32 will be much faster")
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(_POLICIES[name])
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def _has_bfloat16() -> bool | None:
    """Whether all devices that training would use compute in bfloat16; None where there is no telling."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return _cpu_has_bfloat16()
    details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
    capabilities = [detail.get("compute_capability") for detail in details]
    return None if None in capabilities else min(capabilities) >= (8, 0)  # Ampere


def _cpu_has_bfloat16() -> bool | None:
    if not _CPUINFO.is_file():
        return None
    flags = set(_CPUINFO.read_text().split())
    if "bf16" in flags:  # Arm: what TensorFlow makes of it has not been measured
        return None
    return not flags.isdisjoint({"avx512_bf16", "amx_bf16"})
