"""The config files that come along: found by name, in a checkout and in what setup.py builds alike."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.reading import lay_file_over, load_config
from wsfcn_tf.config.shipped import find_config, shipped_configs
from wsfcn_tf.errors import UserError

ROOT = Path(__file__).parents[2]
FILES = {path.relative_to(ROOT / "configs").with_suffix("").as_posix() for path in ROOT.glob("configs/**/*.yaml")}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_file_of_configs_has_its_name():
    assert set(shipped_configs()) == FILES


@pytest.mark.parametrize("named", ["photos_small", "configs/photos_small.yaml", "./configs/photos_small.yaml"])
def test_a_config_is_found_by_its_name_and_where_a_checkout_has_it(named):
    assert load_config(named) == load_config(ROOT / "configs" / "photos_small.yaml")
    assert load_config(named).model.backbone == "efficientnet_lite0"


@pytest.mark.parametrize("named", ["inference/flip", "configs/inference/flip.yaml"])
def test_so_is_a_file_of_one_section(named):
    assert lay_file_over(ExperimentConfig(), named, "inference").inference.flip


@pytest.mark.parametrize("views", ["single", "flip", "scales", "scales_flip", "ssss", "release_pad"])
def test_the_papers_views_are_all_that_is_seen(views):
    laid = lay_file_over(load_config("photos_best"), f"inference/{views}", "inference")
    assert laid.inference.window_scales == ()


def test_a_file_of_that_name_goes_before(tmp_path):
    for path in ("photos_small", "configs/photos_small.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("training: {epochs: 3}\n")
        assert load_config(path).training.epochs == 3


def test_a_folder_of_that_name_does_not(tmp_path):
    (tmp_path / "demo").mkdir()
    assert load_config("demo").data.format == "scenes"


@pytest.mark.parametrize("named", ["photos_smal", "configs/photo_small.yaml", "elsewhere/photos_small.yml"])
def test_a_slip_of_the_finger_is_answered_with_the_name(named):
    with pytest.raises(UserError) as caught:
        load_config(named)
    assert str(caught.value) == f"{named}: there is no such config file; did you mean photos_small?"


def test_a_path_elsewhere_is_no_name():
    assert find_config("elsewhere/demo.yaml") == Path("elsewhere/demo.yaml")


def test_what_is_built_carries_them(tmp_path):
    build = ["egg_info", "--egg-base", tmp_path, "build_py", "--build-lib", tmp_path / "built"]
    subprocess.run([sys.executable, "setup.py", "--quiet", *build], cwd=ROOT, check=True, capture_output=True)
    program = """
from wsfcn_tf.commands.demo import add_arguments
from wsfcn_tf.config.reading import load_config
from wsfcn_tf.config.shipped import shipped_configs
print(load_config("demo").data.scenes.train, *shipped_configs())
"""
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "built")}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    epochs, *names = found.stdout.split()
    assert epochs == "1600"
    assert set(names) == FILES
