"""What is written is read back as it was, and pleasant to read."""

import pytest
from any_config import agreeing, values
from hypothesis import given

from wsfcn_tf.config import DataConfig, ExperimentConfig
from wsfcn_tf.config.reading import load_config
from wsfcn_tf.config.writing import save_config, to_yaml


@given(config=values(ExperimentConfig).map(agreeing))
def test_what_is_saved_is_read_back_exactly(tmp_path_factory, config):
    path = tmp_path_factory.getbasetemp() / "saved.yaml"
    save_config(config, path)
    assert load_config(path) == config


@pytest.mark.parametrize("text", ["\x85", "a\u2028b", "\u2029 ", " a\n b", "\t", "1e-3", "no", "ü: #"])
def test_texts_that_yaml_is_touchy_about(tmp_path, text):
    config = ExperimentConfig(data=DataConfig(root=text))
    save_config(config, tmp_path / "x.yaml")
    assert load_config(tmp_path / "x.yaml") == config


def test_a_saved_config_is_pleasant_to_read():
    lines = to_yaml(ExperimentConfig()).splitlines()
    assert lines[0] == "model:"
    assert "  dilations: [1, 12, 24, 36]" in lines
    assert "    seed: 2023" in lines
