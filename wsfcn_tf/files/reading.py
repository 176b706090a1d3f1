"""Reading text and JSON that people wrote: errors say which file it is, and what to do."""

import codecs
import json
import unicodedata
from pathlib import Path
from typing import Any, NoReturn

from wsfcn_tf.errors import UserError


def read_text(path: Path) -> str:
    """A text file's content, without byte order mark: UTF-8 or, with such a mark, UTF-16, as Excel's Unicode text is.

    Raises UserError if it cannot be read or is neither.
    """
    try:
        with path.open("rb") as file:
            encoding = encoding_of(file.read(4))
        return path.read_text(encoding=encoding)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file: create it, or check the folder") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be opened: {error.strerror}") from None
    except UnicodeError:
        raise UserError(f"{path}: is not UTF-8 text: save it as UTF-8") from None


def encoding_of(start: bytes) -> str:
    """The encoding of a text by its first bytes: UTF-16 needs its mark, and UTF-32's begins like it."""
    is_utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not start.startswith(
        codecs.BOM_UTF32_LE
    )
    return "utf-16" if is_utf16 else "utf-8-sig"


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that are not blank, stripped. Raises UserError as `read_text` does."""
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


def nfc(text: str) -> str:
    """Text with composed accents (Unicode's NFC), so that what looks alike is alike."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


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


# Python's own would let NaN and Infinity pass, which the standard does not have
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
