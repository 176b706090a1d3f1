"""What every section of a config is: a frozen pydantic dataclass whose mistakes are told in one line.

A field says all there is to say about its key: type, default and range, and in the text below it the meaning. Messages
and `docs/config.md` take their words from there, by way of the JSON schema that pydantic makes of a section.
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import pydantic
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError, core_schema

from wsfcn_tf.config.words import found, mistake_words
from wsfcn_tf.errors import UserError


class Mistake(UserError):
    """A section has no key of a name, or the key cannot have a value.

    Attributes:
        words: what is wrong, beginning with the key's name; the message has the section's before it.
    """

    def __init__(self, section: type, words: str) -> None:
        super().__init__(f"{section.__name__}.{words}")
        self.words = words


@dataclass(
    frozen=True,
    config=pydantic.ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True),
)
class Section:
    """Keys that belong together.

    Raises:
        Mistake: an argument is not a key, or its type or value is wrong.
    """

    @pydantic.field_validator("*", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @pydantic.model_validator(mode="wrap")
    @classmethod
    def _tell_in_one_line(cls, arguments: Any, validate: Callable[[Any], Any]) -> Any:
        try:
            return validate(arguments)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
        if not first["loc"]:
            raise UserError(f"a section must be a {cls.__name__}, not {found(arguments)}")
        raise Mistake(cls, mistake_words(first, pydantic.TypeAdapter(cls).json_schema()["properties"]))


class Must(NamedTuple):
    """A range that bounds cannot say, as an annotation of a type.

    Attributes:
        words: for the condition; they fit behind "must be".
        holds: whether a value of the type is in the range.
    """

    words: str
    holds: Callable[[Any], bool]

    def __get_pydantic_core_schema__(self, kind: Any, handler: pydantic.GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(kind))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: pydantic.GetJsonSchemaHandler
    ) -> Any:
        return handler(schema) | {"range": self.words}

    def _check(self, value: Any) -> Any:
        if not self.holds(value):
            raise PydanticCustomError("range", "is out of range")
        return value


def _read_number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


# YAML 1.1 takes `1e-3`, which has no dot, for text: text that reads as a number therefore is one.
# alone, beside a range, for keys that may be null: there pydantic tells the range only if it comes first
READ_NUMBER = pydantic.BeforeValidator(_read_number)
Number = Annotated[float, READ_NUMBER]

DILATIONS = Must("one or more numbers that are at least 1", lambda values: len(values) > 0 and min(values) >= 1)
