"""JSON as the standard has it: Python's reader would let NaN and Infinity pass."""

import json
from pathlib import Path
from typing import Any, NoReturn

from wsfcn_tf.data.lists import read_text
from wsfcn_tf.errors import UserError


def read_json(path: Path) -> Any:
    """A JSON file's value. Raises UserError if it is missing or is not JSON in UTF-8."""
    return parse_json(read_text(path), str(path))


def parse_json(text: str, where: str) -> Any:
    """The value of a text. Raises UserError, which starts with `where`, if it is not JSON."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f" at line {error.lineno}, column {error.colno}" if "\n" in text.strip() else ""
        raise UserError(f"{where}: is not JSON{place}: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # NaN, or a number of thousands of digits; too deep
        raise UserError(f"{where}: is not JSON that can be read: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
