"""PyTorch checkpoint files in and out. A file from elsewhere is untrusted: nothing in it may execute."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing

_WRAPPERS = ("state_dict", "model")


def read_torch_file(path: str | Path) -> dict[str, np.ndarray]:
    """The tensors of a checkpoint: a plain state dict, or one under "state_dict" or "model".

    Reads torch's old format (a chain of pickles) and its new one (a zip archive), by `weights_only=True`, which builds
    tensors and containers and refuses all else.

    Args:
        path: the file.

    Returns:
        {name: array}, in the file's order; half precision becomes float32.

    Raises:
        UserError: no such file, not a checkpoint, damaged, or one that asks to run code; or PyTorch is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    torch = _torch()
    if path.stat().st_size == 0:
        raise UserError(f"{path}: the file is empty; download it again")
    with path.open("rb") as file:
        if file.read(256).lstrip()[:1] == b"<":
            raise UserError(f"{path}: is a web page, not a checkpoint; download the file that the page is about")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(f"{path}: {_refusal(str(error))}") from error
    # what torch raises for damaged files is not documented: zip, storage and attribute errors were seen
    except Exception as error:
        raise UserError(f"{path}: {_DAMAGED}") from error
    return {name: _array(path, name, value) for name, value in _state_dict(path, content).items()}


def write_torch_file(path: str | Path, state_dict: Mapping[str, np.ndarray]) -> None:
    """Writes a plain state dict of CPU tensors, all or nothing; `torch.load(path)` gives it back.

    Raises:
        UserError: PyTorch is not installed.
    """
    torch = _torch()
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state_dict.items()}
    with replacing(path) as temporary:
        torch.save(tensors, temporary)


_DAMAGED = "not a PyTorch checkpoint, or a damaged one; download it again"


def _torch() -> ModuleType:
    try:
        import torch
    except ImportError:
        raise UserError("PyTorch's files need PyTorch: pip install -r requirements-convert.txt") from None
    return torch


def _refusal(message: str) -> str:
    """What PyTorch's refusal means for the user."""
    found = re.search(r"Unsupported (?:global|class|operand): (?:GLOBAL )?([\w.]+)", message)
    if found is None:
        return _DAMAGED
    return f"holds more than weights: it asks for {found[1]}, which was not run; take the checkpoint from its source"


def _state_dict(path: Path, content: object) -> Mapping:
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not content:
        raise UserError(f"{path}: holds no state dict (names and tensors) but {type(content).__name__}")
    return content


def _array(path: Path, name: object, value: object) -> np.ndarray:
    torch = _torch()
    if not isinstance(name, str) or not isinstance(value, torch.Tensor):
        raise UserError(f"{path}: {name} is not a tensor but {type(value).__name__}: not a state dict")
    value = value.detach()
    return (value.float() if value.dtype in (torch.float16, torch.bfloat16) else value).numpy()
