"""Config files: YAML in, `ExperimentConfig` out, and back.

The reader knows no key by name: the dataclasses' type hints say what each key takes, their defaults stand for what a
file leaves out, and `config_ranges` says which values make sense.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from wsfcn_tf.config.ranges import check_agreements, check_ranges
from wsfcn_tf.config.schema import ExperimentConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import write_text

# What a value of a type is called, alone and in a list.
_WORDS = {
    bool: ("true or false", "true or false"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("text (in quotes if it looks like something else)", "texts"),
}


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> ExperimentConfig:
    """Reads an experiment from a YAML file.

    Args:
        path: the file.
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
        path: the file.
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
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such config file") from None
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
    config = _lay_over(ExperimentConfig() if base is None else base, mapping, source)
    check_agreements(config, source)
    return config


def _lay_over(base: ExperimentConfig, mapping: Any, source: str) -> ExperimentConfig:
    """Returns `base` with the keys of `mapping`, each checked by itself: a later override may mend how they agree."""
    config = _read_section(base, mapping, "", source)
    check_ranges(config, source)
    return config


def to_yaml(config: ExperimentConfig) -> str:
    """Returns the text of a config file that `load_config` reads back as exactly `config`."""
    return yaml.dump(asdict(config), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)


def save_config(config: ExperimentConfig, path: str | Path) -> None:
    """Writes `to_yaml(config)` to `path`, all or nothing."""
    write_text(path, to_yaml(config))


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


def _parse(text: str, source: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise UserError(f"{source}: line {error.problem_mark.line + 1}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: dates such as 2023-13-01
        raise UserError(f"{source}: is not YAML: {' '.join(str(error).split())}") from error


# === Plain values -> dataclasses ===


def _read_section(base: Any, mapping: Any, prefix: str, source: str) -> Any:
    """Returns the dataclass `base` with the fields that `mapping` names replaced; `prefix` is "" or "section."."""
    if mapping is None:  # a section whose lines are all commented out
        return base
    if not isinstance(mapping, Mapping):
        where = prefix.rstrip(".") or "the file"
        raise UserError(f"{source}: {where} must be a section of KEY: VALUE lines, not {_found(mapping)}")
    hints = get_type_hints(type(base))
    values = {}
    for name, value in mapping.items():
        key = f"{prefix}{name}"
        if name not in hints:
            raise UserError(f"{source}: {key} is not a key; {_suggestion(str(name), prefix, hints)}")
        if is_dataclass(hints[name]):
            values[name] = _read_section(getattr(base, name), value, f"{key}.", source)
        else:
            values[name] = _read_value(hints[name], value, key, source)
    return replace(base, **values)


def _read_value(hint: Any, value: Any, key: str, source: str) -> Any:
    """Returns `value` as the type `hint`."""
    kind = _without_none(hint)
    arguments = get_args(kind)
    if value is None and kind is not hint:
        return None
    if kind is float:
        if (number := _number(value)) is not None:
            return number
    elif get_origin(kind) is Literal:
        if value in arguments:
            return value
    elif get_origin(kind) is tuple:
        if isinstance(value, list | tuple):
            kinds = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
            if len(kinds) == len(value):
                parts = enumerate(zip(kinds, value, strict=True))
                return tuple(_read_value(kind, part, f"{key}[{i}]", source) for i, (kind, part) in parts)
    elif type(value) is kind:  # not isinstance(): True is an int
        return value
    raise UserError(f"{source}: {key} must be {_expected(hint)}, not {_found(value)}{_nearest_choice(kind, value)}")


def _number(value: Any) -> float | None:
    """Returns a finite number as a float, else None.

    YAML 1.1 takes `1e-3`, which has no dot, for text: text that reads as a number therefore is one.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


# === Words for messages ===


def _expected(hint: Any) -> str:
    kind = _without_none(hint)
    if kind is not hint:
        return f"{_expected(kind)} or null"
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if get_origin(kind) is tuple:
        count = "" if arguments[-1] is Ellipsis else f"{len(arguments)} "
        return f"a list of {count}{_WORDS[arguments[0]][1]}"
    return _WORDS[kind][0]


def _found(value: Any) -> str:
    return json.dumps(value, default=str, skipkeys=True, ensure_ascii=False)


def _suggestion(name: str, prefix: str, siblings: Iterable[str]) -> str:
    known = {key.rpartition(".")[2]: key for key in _keys(ExperimentConfig)}
    known |= {sibling: prefix + sibling for sibling in siblings}
    nearest = get_close_matches(name, known, n=1)
    return f"did you mean {known[nearest[0]]}?" if nearest else f"the keys here are {', '.join(siblings)}"


def _nearest_choice(kind: Any, value: Any) -> str:
    choices = map(str, get_args(kind)) if get_origin(kind) is Literal else ()
    nearest = get_close_matches(str(value), choices, n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def _keys(section: type, prefix: str = "") -> Iterator[str]:
    """Yields the dotted names of all sections and keys under a dataclass."""
    for name, hint in get_type_hints(section).items():
        yield prefix + name
        if is_dataclass(hint):
            yield from _keys(hint, f"{prefix}{name}.")


def _without_none(hint: Any) -> Any:
    """Returns X of `X | None`, and any other hint as it is."""
    if get_origin(hint) not in (Union, UnionType):
        return hint
    return next(argument for argument in get_args(hint) if argument is not NoneType)
