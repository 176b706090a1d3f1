"""Words for what a key takes and what is wrong with a value, from the JSON schema that pydantic makes of a section."""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

# What a value of a type is called, alone and in a list.
_TYPES = {
    "boolean": ("true or false", "true or false"),
    "integer": ("a whole number", "whole numbers"),
    "number": ("a number", "numbers"),
    "string": ("text (in quotes if it looks like something else)", "texts"),
}
_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
_OUT_OF_RANGE = {"range", "greater_than", "greater_than_equal", "less_than", "less_than_equal"}


def type_words(schema: Mapping[str, Any]) -> str:
    """What type of value a key takes, such as "a list of 4 numbers"; fits behind "must be"."""
    if "anyOf" in schema:
        values, other = schema["anyOf"]
        return f"{type_words(values)} or {other.get('const', 'null')}"
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if schema["type"] == "object":
        choices = schema["additionalProperties"].get("enum") or [schema["additionalProperties"].get("const")]
        if choices != [None]:
            return f"a mapping of texts to one of {', '.join(choices)}"
        return "a mapping of whole numbers to texts"
    if schema["type"] == "array":
        count = f"{schema['minItems']} " if "prefixItems" in schema else ""
        return f"a list of {count}{_TYPES[_item(schema)['type']][1]}"
    return _TYPES[schema["type"]][0]


def range_words(schema: Mapping[str, Any]) -> str:
    """In which range a key's value must be, such as "above 0 and at most 1"; "" if all of its type will do."""
    schema = schema.get("anyOf", [schema])[0]
    if schema.keys() >= {"minimum", "maximum"}:
        return f"from {schema['minimum']:g} to {schema['maximum']:g}"
    bounds = (f"{words} {schema[name]:g}" for name, words in _BOUNDS.items() if name in schema)
    return schema.get("range") or " and ".join(bounds)


def mistake_words(error: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """What is wrong with a section, beginning with the key.

    Args:
        error: one of a pydantic `ValidationError`.
        schemas: the JSON schema of each of the section's keys.
    """
    key, *index = error["loc"]
    if key not in schemas:
        return f"{key} {unknown_words(str(key), schemas, {name: name for name in schemas})}"
    schema = schemas[key]
    is_list = schema.get("anyOf", [schema])[0].get("type") == "array"
    if index and is_list and error["type"] != "missing":  # of a list's element; a missing one is the list's mistake
        key, schema = f"{key}[{index[0]}]", _item(schema)
    must = range_words(schema) if error["type"] in _OUT_OF_RANGE else type_words(schema)
    choices = schema.get("anyOf", [schema])[0].get("enum", ())
    nearest = get_close_matches(str(error["input"]), map(str, choices), n=1)
    return f"{key} must be {must}, not {found(error['input'])}" + (f"; did you mean {nearest[0]}?" if nearest else "")


def unknown_words(name: str, siblings: Iterable[str], known: Mapping[str, str]) -> str:
    """What is wrong with a name that is not a key: which one is meant, or else which there are.

    Args:
        name: without its section.
        siblings: the names that the section has.
        known: {name without section: key} of all that may be meant.
    """
    nearest = get_close_matches(name, known, n=1)
    rest = f"did you mean {known[nearest[0]]}?" if nearest else f"the keys here are {', '.join(siblings)}"
    return f"is not a key; {rest}"


def found(value: Any) -> str:
    """A value as a config file has it."""
    return json.dumps(value, default=str, skipkeys=True, ensure_ascii=False)


def _item(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a list's elements."""
    return schema.get("items") or schema["prefixItems"][0]
