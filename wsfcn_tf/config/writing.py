"""A config as the text of a config file."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from wsfcn_tf.config.experiment import ExperimentConfig
from wsfcn_tf.files import write_text


def to_yaml(config: ExperimentConfig) -> str:
    """Returns the text of a config file that `load_config` reads back as exactly `config`."""
    return yaml.dump(asdict(config), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)


def save_config(config: ExperimentConfig, path: str | Path) -> None:
    """Writes `to_yaml(config)` to `path`, all or nothing."""
    write_text(path, to_yaml(config))


class _Dumper(yaml.SafeDumper):
    """YAML with tuples as `[1, 2]`, every value written out, and texts that read back as they were."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    tuple, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # In its other styles, PyYAML folds Unicode's line breaks into spaces.
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
