"""The config files that come with the package: `configs/` of a checkout, which `setup.py` puts inside a wheel."""

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def find_config(named: str | Path) -> "Traversable":
    """The file that `--config` or `--inference` names.

    Args:
        named: a path; or, if there is no such file, the name of a shipped one: `photos_small`, `inference/flip`, or
            with the folder and the ending that it has in a checkout, `configs/photos_small.yaml`.

    Returns:
        The file; the path as it was given if it is neither.
    """
    path = Path(named)
    name = path.as_posix().removeprefix("configs/").removesuffix(".yaml")
    return path if path.is_file() else shipped_configs().get(name, path)


def shipped_configs() -> dict[str, "Traversable"]:
    """{name: file} of every shipped config file."""
    carried = files(__package__) / "experiments"
    root = carried if carried.is_dir() else Path(__file__).parents[2] / "configs"
    return {
        prefix + file.name.removesuffix(".yaml"): file
        for prefix, folder in {"": root, "inference/": root / "inference"}.items()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }
