"""What the benchmarks share: alternating timings, peak memory, and a line that says where they were taken."""

import datetime
import os
import platform
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np


def alternating_seconds(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median time of each function; they take turns, so that a noisy machine disturbs all of them alike.

    Each is called once before timing. A function must not return before its result is there.
    """
    for function in functions.values():
        function()
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) for name, values in times.items()}


def peak_gigabytes() -> float:
    """The largest memory this process has had, on Linux; getrusage would count its parent's before it began."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024 / 1e9


def where() -> str:
    """Date, cores, and versions."""
    import keras  # here: they would count as memory of what does not use them
    import tensorflow as tf

    return (
        f"{datetime.date.today()}, {os.cpu_count()} cores ({platform.machine()}), "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, Python {platform.python_version()}"
    )
