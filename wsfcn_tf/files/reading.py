"""Text files with one entry per line: split lists and class names."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from wsfcn_tf.errors import UserError

_MOST_CLASSES = 254  # a label is a byte, which also says "background" (0) and "ignore" (255)


def read_text(path: Path) -> str:
    """A UTF-8 text file's content, without byte order mark. Raises UserError if it cannot be read or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file: create it, or check the folder") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be opened: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8 text: save it as UTF-8") from None


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that are not blank, stripped. Raises UserError as `read_text` does."""
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


def nfc(text: str) -> str:
    """Text with composed accents (Unicode's NFC), so that what looks alike is alike."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def read_class_names(path: Path) -> tuple[str, ...]:
    """The foreground classes in classes.txt, with composed accents; a first line "background" is left out.

    Raises:
        UserError: the file is missing, names no class or too many, or names one twice.
    """
    lines = list(map(nfc, read_lines(path)))
    names = tuple(lines[1:] if lines[:1] == ["background"] else lines)
    if not names:
        raise UserError(f"{path}: names no class: write one per line")
    repeated = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if repeated is not None:
        raise UserError(f"{path}: class {repeated!r} is there twice: remove one")
    check_number_of_classes(names, path)
    return names


def check_number_of_classes(names: Sequence[str], path: Path) -> None:
    """Raises UserError, which names `path`, if there are more classes than a mask can hold."""
    if len(names) > _MOST_CLASSES:
        raise UserError(f"{path}: there are {len(names)} classes, and masks hold at most {_MOST_CLASSES}: merge some")
