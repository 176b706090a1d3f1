"""`--report` of `evaluate`: where the page goes, and what it says about how its figures came about."""

import argparse
import platform
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from wsfcn_tf import __version__
from wsfcn_tf.errors import UserError


def add_report_argument(parser: argparse.ArgumentParser) -> None:
    """Declares `--report DIR`."""
    parser.add_argument("--report", metavar="DIR", help="also write DIR/index.html: the figures and images on one page")


def report_page(folder: str | None) -> Path | None:
    """The page that `--report` asks for, if it does.

    Raises:
        UserError: a file is in the folder's place; told before the evaluation, which may take long.
    """
    if folder is None:
        return None
    if Path(folder).exists() and not Path(folder).is_dir():
        raise UserError(f"--report {folder}: this is a file: name a folder")
    return Path(folder) / "index.html"


def report_settings(source: Mapping[str, Any]) -> dict[str, str]:
    """The lines of the page's settings: `source`, sections as `inference.scales`, then the date and the versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras"))
    return dict(_lines(source)) | {
        "date": date.today().isoformat(),
        "versions": f"wsfcn-tf {__version__}, {packages}, Python {platform.python_version()}",
    }


def _lines(source: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    if source.get("iterations") == 0:  # without a CRF, its parameters say nothing
        source = {"iterations": 0}
    for name, value in source.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
