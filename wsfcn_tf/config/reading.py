"""Config files and `--set KEY=VALUE`: YAML in, `ExperimentConfig` out.

The reader knows no key by name: the sections say what each takes, and their defaults stand for what a file leaves out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml

from wsfcn_tf.config.experiment import ExperimentConfig, check_agreements
from wsfcn_tf.config.section import Mistake, Section
from wsfcn_tf.config.shipped import find_config, shipped_configs
from wsfcn_tf.config.words import found, unknown_words
from wsfcn_tf.errors import UserError

_AnySection = TypeVar("_AnySection", bound=Section)


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> ExperimentConfig:
    """Reads an experiment from a YAML file.

    Args:
        path: the file, or what `find_config` knows by name.
        overrides: settings of the form `training.epochs=10`, applied in order on top of the file; the value is YAML.

    Raises:
        UserError: the file cannot be read or is not YAML, or a key, a type or a value in it or in an override is wrong.
    """
    config = override(_lay_over(ExperimentConfig(), _read(path), str(path)), overrides)
    check_agreements(config, str(path))
    return config


def lay_file_over(config: ExperimentConfig, path: str | Path, section: str) -> ExperimentConfig:
    """Lays a YAML file of one section over a config; how keys agree is not checked.

    Args:
        config: what to change.
        path: the file, or what `find_config` knows by name.
        section: the only one it may hold.

    Raises:
        UserError: as `load_config`, or the file has another section.
    """
    mapping = _read(path)
    if isinstance(mapping, Mapping) and (others := [str(key) for key in mapping if key != section]):
        raise UserError(
            f"{path}: {others[0]} does not belong here: of a trained network, only {section} can be changed"
        )
    return _lay_over(config, mapping, str(path))


def _read(path: str | Path) -> Any:
    try:
        text = find_config(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        nearest = get_close_matches(Path(path).stem, shipped_configs(), n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise UserError(f"{path}: there is no such config file{hint}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not a text file in UTF-8") from error
    return _parse(text, str(path))


def override(
    config: ExperimentConfig, overrides: Sequence[str], sections: tuple[str, ...] | None = None
) -> ExperimentConfig:
    """Applies `--set KEY=VALUE` settings; how keys agree is not checked.

    Args:
        config: what to change.
        overrides: settings of the form `training.epochs=10`, applied in order; the value is YAML.
        sections: those whose keys may be changed; None allows all.

    Raises:
        UserError: a setting is not of that form, or its key, type or value is wrong, or its section is not allowed.
    """
    for setting in overrides:
        source = f"--set {setting}"
        key, equals, value = setting.partition("=")
        path = key.strip().split(".")
        if not (key.strip() and equals):
            raise UserError(f"{source}: write KEY=VALUE, as in --set training.epochs=10")
        if sections and path[0] not in sections:
            raise UserError(f"{source}: of a trained network, only keys of {', '.join(sections)} can be changed")
        mapping = _parse(value, source)
        for part in reversed(path):
            mapping = {part: mapping}
        config = _lay_over(config, mapping, source)
    return config


def from_mapping(mapping: Any, source: str = "config", base: ExperimentConfig | None = None) -> ExperimentConfig:
    """Lays a mapping of plain values, as YAML or JSON holds them, over a config.

    Args:
        mapping: `{section: {key: value}}`; None is an empty one.
        source: where it comes from, the first words of an error's message.
        base: gives what `mapping` leaves out; None takes the defaults.

    Raises:
        UserError: a key, a type or a value is wrong; the message is one line that names it.
    """
    config = lay_mapping_over(ExperimentConfig() if base is None else base, mapping, source)
    check_agreements(config, source)
    return config


def lay_mapping_over(config: ExperimentConfig, mapping: Any, source: str) -> ExperimentConfig:
    """As `from_mapping`, but how keys agree is not checked: of a trained network, sections are left out."""
    return _lay_over(config, mapping, source)


# === YAML ===


class _Loader(yaml.SafeLoader):
    """YAML in which a key given twice is an error; PyYAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep)


def _parse(text: str, source: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise UserError(f"{source}: line {error.problem_mark.line + 1}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: dates such as 2023-13-01
        raise UserError(f"{source}: is not YAML: {' '.join(str(error).split())}") from error


# === Plain values -> sections ===


def _lay_over(base: _AnySection, mapping: Any, source: str, prefix: str = "") -> _AnySection:
    """Returns `base` with the keys that `mapping` names replaced; `prefix` is "" or "section.".

    How keys agree is not checked: a later override may mend it.
    """
    if mapping is None:  # a section whose lines are all commented out
        return base
    if not isinstance(mapping, Mapping):
        where = prefix.rstrip(".") or "the file"
        raise UserError(f"{source}: {where} must be a section of KEY: VALUE lines, not {found(mapping)}")
    values = {}
    for name, value in mapping.items():
        if name not in vars(base):
            known = dict(_keys(ExperimentConfig())) | {sibling: prefix + sibling for sibling in vars(base)}
            raise UserError(f"{source}: {prefix}{name} {unknown_words(str(name), vars(base), known)}")
        old = getattr(base, name)
        values[name] = _lay_over(old, value, source, f"{prefix}{name}.") if isinstance(old, Section) else value
    try:
        return replace(base, **values)
    except Mistake as mistake:
        raise UserError(f"{source}: {prefix}{mistake.words}") from None


def _keys(section: Section, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yields (name, name with its sections) of all sections and keys under a section."""
    for name, value in vars(section).items():
        yield name, prefix + name
        if isinstance(value, Section):
            yield from _keys(value, f"{prefix}{name}.")
