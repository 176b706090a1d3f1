"""The page of all keys, from what the sections say: `python -m wsfcn_tf.config.reference > docs/config.md`."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from wsfcn_tf.config.experiment import ExperimentConfig
from wsfcn_tf.config.words import found, range_words, type_words

_HEAD = """\
# Every key of a config

`--set KEY=VALUE` changes one; what a config file leaves out has its default. The keys are declared in
[`wsfcn_tf/config/`](../wsfcn_tf/config); `python -m wsfcn_tf.config.reference` makes this page of that."""


def reference() -> str:
    """Returns the page, in Markdown."""
    schema = TypeAdapter(ExperimentConfig).json_schema()
    return "\n".join([_HEAD, *_sections(schema, schema["$defs"])]) + "\n"


def _sections(schema: dict[str, Any], classes: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Yields heading, meaning and table of every section below a class's schema."""
    for name, key in schema["properties"].items():
        if "$ref" in key:
            section = classes[key["$ref"].rpartition("/")[2]]
            yield f"\n## {prefix}{name}\n\n{section['description']}\n"
            yield "| key | value | default | meaning |\n|---|---|---|---|"
            yield from _rows(section, f"{prefix}{name}.")
            yield from _sections(section, classes, f"{prefix}{name}.")


def _rows(section: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, key in section["properties"].items():
        if "$ref" not in key:
            value = ", ".join(filter(None, (type_words(key), range_words(key))))
            meaning = " ".join(key["description"].split())
            yield f"| `{prefix}{name}` | {value} | `{found(key['default'])}` | {meaning} |"


if __name__ == "__main__":
    print(reference(), end="")
