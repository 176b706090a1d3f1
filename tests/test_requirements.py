"""The requirements files agree with one another and with pyproject.toml."""

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
EXTRAS = {"heif", "gpu", "convert", "serving", "onnx", "keras-hub", "cluster", "dev"}


def requirements(name, python):
    """Returns {package: version range} of what a requirements file installs on a Python version."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    entries = [Requirement(line) for line in lines if line]
    chosen = [entry for entry in entries if entry.marker is None or entry.marker.evaluate({"python_version": python})]
    assert len({entry.name.lower() for entry in chosen}) == len(chosen), f"{name} names a package twice for {python}"
    return {entry.name.lower(): entry.specifier for entry in chosen}


@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_both_files_ask_for_the_same_generation_b(python):
    assert requirements("requirements.txt", python) == requirements("requirements-keras3.txt", python)


def test_generation_b_is_the_same_on_every_python():
    assert requirements("requirements-keras3.txt", "3.10") == requirements("requirements-keras3.txt", "3.12")


@pytest.mark.parametrize("python", ["3.10", "3.11"])
def test_generation_a_is_pinned_and_has_tensorflow_addons(python):
    found = requirements("requirements.txt", python)
    expected = {"tensorflow": "2.15.1", "keras": "2.15.0", "tensorflow-addons": "0.23.0", "numpy": "1.26.4"}
    assert {name: str(found[name]) for name in expected} == {name: f"=={pin}" for name, pin in expected.items()}


def test_only_generation_a_has_tensorflow_addons():
    assert "tensorflow-addons" not in requirements("requirements.txt", "3.12")


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12"])
def test_the_gpu_extra_asks_for_the_same_tensorflow(python):
    assert requirements("requirements-gpu.txt", python) == {
        "tensorflow": requirements("requirements.txt", python)["tensorflow"]
    }


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12"])
def test_the_serving_extra_asks_for_the_api_of_the_same_tensorflow(python):
    assert requirements("requirements-serving.txt", python) == {
        "tensorflow-serving-api": requirements("requirements.txt", python)["tensorflow"]
    }


def test_keras_hub_is_for_pythons_that_its_keras_has():
    assert [bool(requirements("requirements-keras-hub.txt", python)) for python in ("3.10", "3.11", "3.12")] == [
        False,
        True,
        True,
    ]


def test_pyproject_reads_its_dependencies_from_these_files():
    dynamic = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["dynamic"]
    assert dynamic["dependencies"]["file"] == "requirements.txt"
    assert {name: entry["file"] for name, entry in dynamic["optional-dependencies"].items()} == {
        extra: f"requirements-{extra}.txt" for extra in EXTRAS
    }


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_every_extra_names_packages(extra):
    assert requirements(f"requirements-{extra}.txt", "3.11")
