"""What a benchmark has finished: a line of JSON each, so that the same command goes on where it was interrupted."""

import json
from pathlib import Path
from typing import Any

from wsfcn_tf.files import write_text


def lines(path: Path) -> list[dict[str, Any]]:
    """What is finished."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append(path: Path, result: dict[str, Any]) -> None:
    """Adds a line, or the file stays as it was."""
    write_text(path, "".join(json.dumps(line) + "\n" for line in [*lines(path), result]))
