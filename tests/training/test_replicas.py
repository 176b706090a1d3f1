import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    """From a process of its own: the logical devices must be set up before TensorFlow starts."""
    script, output = Path(__file__).with_name("two_replicas.py"), tmp_path_factory.mktemp("replicas") / "results.npz"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, script, output], env=environment, check=True)
    with np.load(output) as found:
        return dict(found)


def of(arrays, start):
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


@pytest.mark.parametrize("norm", ["fixed", "sync"])
def test_two_replicas_equal_one(arrays, norm):
    one, two = of(arrays, f"one/{norm}/"), of(arrays, f"two/{norm}/")
    assert one.keys() == two.keys() and len(one) > 200
    assert (one["mask"] > 0).any()
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=0, atol=1e-5 * max(np.abs(value).max(), 1), err_msg=name)


def test_fit_equals_the_custom_loop(arrays):
    loop, fit = of(arrays, "two/fixed/"), of(arrays, "two/fit/")
    assert loop.keys() == fit.keys()
    for name, value in loop.items():
        expected = value if name.startswith("weight") else [np.mean(value, dtype=np.float64)]
        np.testing.assert_allclose(fit[name], expected, rtol=0, atol=1e-5 * max(np.abs(value).max(), 1), err_msg=name)


def test_two_replicas_see_the_photos_of_one(arrays):
    np.testing.assert_array_equal(arrays["two/photos"], arrays["one/photos"])


def test_replicas_draw_differently(arrays):
    first, second = arrays["two/random"]
    assert 16 < (first > 0).sum() < 48 and 16 < (second > 0).sum() < 48
    assert (first != second).any()
