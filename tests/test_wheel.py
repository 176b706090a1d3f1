"""The package as it would be published: an sdist, the wheel that is built from it, in a folder that is no clone."""

import csv
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from help_pages import help_pages

from wsfcn_tf import __version__
from wsfcn_tf.commands import SUMMARIES

ROOT = Path(__file__).parents[1]
# what a package is made of; the rest of a clone must not be needed
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", *ROOT.glob("requirements*.txt"))
FOLDERS = ("wsfcn_tf", "configs", "tests")
GENERATED = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Both, built without a network by the environment's own setuptools."""
    clone, output = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("dist")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, clone / folder, ignore=GENERATED)
    for file in FILES:
        shutil.copy(ROOT / file, clone)
    run("-m", "build", "--no-isolation", "--outdir", output, clone, cwd=output)
    return output


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """Where it is installed, beside the environment's packages and before them."""
    folder = tmp_path_factory.mktemp("site")
    run("-m", "pip", "install", "--no-deps", "--no-index", "--target", folder, wheel, cwd=folder)
    return folder


def run(*words, cwd, site=None):
    """A Python of this environment, somewhere; what it prints."""
    words = [sys.executable, *map(str, words)]
    done = subprocess.run(words, cwd=cwd, env=environment(site), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def environment(site):
    first = {} if site is None else {"PYTHONPATH": str(site)}
    return {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **first}


def test_a_registry_would_take_them(built):
    told = run("-m", "twine", "check", "--strict", *sorted(built.iterdir()), cwd=built)
    assert told.count("PASSED") == 2


def test_the_source_holds_no_tests(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"requirements-onnx.txt", "configs/demo.yaml", "wsfcn_tf/__init__.py", "LICENSE"} <= inside
    assert not any(name.startswith("tests") for name in inside)


def test_it_holds_all_modules_and_files(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("wsfcn_tf/")}
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "wsfcn_tf").rglob("*") if path.is_file()}
    package = {name for name in package if "__pycache__" not in name and "dummy_data" not in name}  # of its tests
    configs = {
        f"wsfcn_tf/config/experiments/{path.relative_to(ROOT / 'configs').as_posix()}"
        for path in (ROOT / "configs").rglob("*.yaml")
    }
    assert held == package | configs


def test_it_says_what_it_is(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    header = archive.read(name).decode().partition("\n\n")[0].splitlines()
    assert f"Version: {__version__}" in header and "Requires-Python: >=3.10" in header
    extras = {line.removeprefix("Provides-Extra: ") for line in header if line.startswith("Provides-Extra: ")}
    assert extras == {"heif", "gpu", "convert", "serving", "onnx", "keras-hub", "cluster", "dev"}
    assert "License-Expression: Apache-2.0" in header
    assert "Description-Content-Type: text/markdown" in header


@pytest.fixture(scope="module")
def helps(site, tmp_path_factory):
    return help_pages(cwd=tmp_path_factory.mktemp("empty"), env=environment(site))


@pytest.mark.parametrize("command", SUMMARIES)
def test_every_command_answers(command, helps):
    status, printed, _ = helps[command]
    assert status == 0 and f"wsfcn_tf {command}" in printed


def test_its_command_is_installed(site, tmp_path):
    assert run(site / "bin" / "wsfcn-tf", "--version", cwd=tmp_path, site=site) == f"wsfcn-tf {__version__}\n"


def test_it_is_the_installed_one_and_has_its_configs(site, tmp_path):
    assert str(site) in run("-c", "import wsfcn_tf; print(wsfcn_tf.__file__)", cwd=tmp_path, site=site)
    listed = run("-m", "wsfcn_tf", "configs", cwd=tmp_path, site=site)
    assert {"demo", "photos_small", "inference/flip"} <= {line.split()[0] for line in listed.splitlines()}


def with_settings(words):
    return [word for setting in words.split() for word in ("--set", setting)]


@pytest.mark.slow
def test_the_demo_from_an_empty_folder(site, tmp_path):
    settings = with_settings(
        "training.epochs=2 training.pretrain_epochs=1 training.cooldown_epochs=0 data.scenes.train=32 data.scenes.val=4"
    )
    told = run("-m", "wsfcn_tf", "demo", *settings, cwd=tmp_path, site=site)
    assert "WS-FCN" in told and (tmp_path / "runs/demo/seed-0/panel.png").is_file()


@pytest.mark.slow
def test_a_shipped_experiment_from_an_empty_folder(site, tmp_path):
    settings = with_settings(
        "training.weights=null training.epochs=1 training.pretrain_epochs=1 training.cooldown_epochs=0 "
        "training.batch_size=4 data.format=scenes data.crop_size=64 data.scenes.train=8 data.scenes.val=2"
    )
    run("-m", "wsfcn_tf", "train", "--config", "photos_small", *settings, "--output", "mine", cwd=tmp_path, site=site)
    assert (tmp_path / "mine" / "model.weights.h5").is_file()


@pytest.mark.slow
def test_from_an_empty_folder_to_masks_and_an_export(site, tmp_path):
    settings = with_settings(
        "training.epochs=2 training.pretrain_epochs=1 training.cooldown_epochs=0 data.scenes.train=32 data.scenes.val=4"
    )
    run("-m", "wsfcn_tf", "train", "--config", "demo", *settings, "--output", "mine", cwd=tmp_path, site=site)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "mine" / "history.csv").read_text())))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    told = run("-m", "wsfcn_tf", "evaluate", "--weights", "mine", "--split", "val", cwd=tmp_path, site=site)
    assert "mIoU" in told
    predict = ("predict", "--weights", "mine", "--split", "val", "--output", "masks")
    run("-m", "wsfcn_tf", *predict, cwd=tmp_path, site=site)
    assert len(list((tmp_path / "masks").rglob("*.png"))) == 4
    settings = ("--set", "inference.crf.iterations=0")
    run("-m", "wsfcn_tf", "export", "mine", "--output", "exported/1", *settings, cwd=tmp_path, site=site)
    program = """
import numpy as np
from wsfcn_tf import Segmenter
print(Segmenter("exported").predict(np.zeros((64, 64, 3), np.uint8)).labels.shape)
"""
    assert run("-c", program, cwd=tmp_path, site=site).endswith("(64, 64)\n")
