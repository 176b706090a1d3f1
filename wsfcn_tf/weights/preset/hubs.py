"""Presets on Hugging Face and Kaggle, fetched by these hubs' own clients."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from wsfcn_tf.errors import UserError, first_line


def local_folder(source: str | Path) -> Path:
    """Where a preset is on this machine; one of a hub is fetched, unless it has been.

    Args:
        source: a folder, `hf://OWNER/NAME` or `kaggle://OWNER/MODEL/keras/NAME`.

    Raises:
        UserError: there is no such folder, the hub's client is not installed, or it cannot have the preset.
    """
    scheme, mark, handle = str(source).partition("://")
    if not mark:
        if not Path(source).is_dir():
            raise UserError(f"{source}: there is no such folder")
        return Path(source)
    if scheme == "hf":
        fetch = _client("huggingface_hub", source).snapshot_download
    elif scheme == "kaggle":
        fetch = _client("kagglehub", source).model_download
    else:
        raise UserError(f"{source}: a preset is a folder, hf://OWNER/NAME or kaggle://OWNER/MODEL/keras/NAME")
    try:
        return Path(fetch(handle))
    except Exception as error:  # each client and the HTTP below it have their own
        raise UserError(f"{source}: cannot be had ({first_line(error)})") from error


def _client(name: str, source: str | Path) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(f"{source}: needs {name}, which is not installed: pip install {name}") from error
