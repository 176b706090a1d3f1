"""Fixtures for all tests. That this file is here also lets every test import `golden`, `oracles` and `networks`."""

import gc
import os
import platform

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Before TensorFlow is imported: the command `train` sets it for its process, and what a test computes must depend
# neither on whether such a test ran before it nor on the CPU, by which TensorFlow would choose.
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# What XLA compiles runs once or twice here: most of its time would go into making that fast.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

# Tracing makes millions of objects that stay: to look through all of them for garbage takes a sixth of the time.
gc.set_threshold(50_000, 20, 20)

# A busy machine must not fail a test, neither by a slow call nor by slowly drawn arguments.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def few_weights():
    """For modules whose networks are the smallest, and need not be ones that exist."""
    from networks import with_few_weights  # and with it TensorFlow

    with pytest.MonkeyPatch.context() as patch:
        with_few_weights(patch)
        yield


LONG = ("training", "models", "weights", "serving")  # folders, of the longest files first


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no worker is left with it at the end."""
    items.sort(key=lambda item: next((rank for rank, name in enumerate(LONG) if name in item.path.parts), len(LONG)))


def pytest_collection_finish() -> None:
    """What is imported by now stays: `clear_session` need not look through it for garbage again and again."""
    gc.freeze()
