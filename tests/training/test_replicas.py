import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from networks import noise


def compare(output, *kinds):
    """In a process of its own: the logical devices must be set up before TensorFlow starts."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = Path(__file__).with_name("two_replicas.py")
    subprocess.run([sys.executable, script, output, *kinds], env=environment, check=True)
    with np.load(output) as found:
        return dict(found)


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    return compare(tmp_path_factory.mktemp("replicas") / "results.npz", "masks")


def of(arrays, start):
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def tolerance(name, value):
    """1 % of a weight's largest change, which is small against the weight and rounded as that is; else 1e-5."""
    largest = np.abs(value).max()
    return 1e-2 * largest + 1e-7 if name.startswith("change") else 1e-5 * max(largest, 1)


def assert_two_equal_one(arrays, kind):
    one, two = of(arrays, f"one/{kind}/"), of(arrays, f"two/{kind}/")
    assert one.keys() == two.keys() and len(one) > 60
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=0, atol=tolerance(name, value), err_msg=name)


def test_two_replicas_equal_one(arrays):
    """On photos with masks, whole and in part, and on photos with none."""
    assert (arrays["one/masks/mask"] > 0).any()
    assert_two_equal_one(arrays, "masks")


@pytest.mark.slow
def test_two_replicas_equal_one_with_synchronised_norms(tmp_path):
    assert_two_equal_one(compare(tmp_path / "results.npz", "sync"), "sync")


@pytest.mark.slow
def test_tags_alone_and_fit(tmp_path):
    arrays = compare(tmp_path / "results.npz", "fixed", "masks", "fit")
    assert_two_equal_one(arrays, "fixed")
    assert (arrays["one/masks/mask"] != arrays["one/fixed/mask"]).any()
    loop, fit = of(arrays, "two/fixed/"), of(arrays, "two/fit/")
    assert loop.keys() == fit.keys()
    for name, value in loop.items():
        expected = value if name.startswith("change") else [np.mean(value, dtype=np.float64)]
        np.testing.assert_allclose(fit[name], expected, rtol=0, atol=tolerance(name, value), err_msg=name)


def test_two_replicas_equal_one_with_adamw(arrays):
    before, one, two = noise(3, 5), arrays["one/adamw"], arrays["two/adamw"]
    assert (np.abs(one[0] - before).max(axis=1) > 0.09 * np.array([1, 2, 20])).all()
    np.testing.assert_array_equal(one[1], one[0])  # the gradients of this step were not finite
    assert (one[2] != one[1]).any()
    np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6)


def test_two_replicas_see_the_photos_of_one(arrays):
    np.testing.assert_array_equal(arrays["two/photos"], arrays["one/photos"])


def test_replicas_draw_differently(arrays):
    first, second = arrays["two/random"]
    assert 16 < (first > 0).sum() < 48 and 16 < (second > 0).sum() < 48
    assert (first != second).any()
