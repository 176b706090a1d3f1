"""Annotation files of other tools with something odd or broken in them; all follow from a seed."""

import json
import random
from pathlib import Path

from generated_texts import _maybe_cut, _replace_somewhere

_TEXTS = (
    *("", "\x00", "\u2028", "-1", "1e999", "nan", "9" * 400, "dgo", "é", "a.jpg", "background", "../..", "C:\\a.jpg"),
    *(
        '"',
        ",",
        ";",
        "|",
        "[",
        "{",
        "<",
        "&",
        ":",
        " ",
        "\n",
        "[[[]]]",
        "{'a': ['b']}",
        "<!DOCTYPE a>",
        "*x",
        "!!python/a",
    ),
)


def annotation_files(root: Path) -> list[Path]:
    """The files that are no photos."""
    return sorted(path for path in root.rglob("*") if path.is_file() and path.suffix not in (".jpg", ".png"))


def spoilt(rng: random.Random, path: Path) -> bytes:
    """A file's content with one to three changes."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json" and rng.random() < 0.7:
        value = json.loads(text)
        for _ in range(rng.randrange(1, 4)):
            _replace_somewhere(rng, value)
        return _maybe_cut(rng, json.dumps(value))
    for _ in range(rng.randrange(1, 4)):
        text = rng.choice((_word_changed, _cut, _lines_changed, _inserted))(rng, text)
    return text.encode(rng.choice(("utf-8",) * 8 + ("utf-16", "utf-8-sig")))


def _word_changed(rng: random.Random, text: str) -> str:
    """Something else in the place of what stands between two signs."""
    marks = [at for at, letter in enumerate(text) if letter in " ,;:'\"<>/\n|"]
    at = rng.randrange(len(marks) - 1) if len(marks) > 1 else None
    return text if at is None else text[: marks[at] + 1] + rng.choice(_TEXTS) + text[marks[at + 1] :]


def _cut(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text) + 1)] if rng.random() < 0.4 else text


def _lines_changed(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    return "\n".join((*lines[:at], *lines[at : at + 1] * rng.choice((0, 2)), *lines[at + 1 :]))


def _inserted(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_TEXTS) + text[at:]
