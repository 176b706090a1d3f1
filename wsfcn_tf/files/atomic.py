"""Writing files so that they are complete or absent, never half."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from wsfcn_tf.errors import UserError

_PARTIAL = re.compile(r"\.partial-(\d+)-.*", re.DOTALL)
# What a disk or its rights refuse, and what a person can do about it.
_REFUSALS = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room in your quota",
    errno.EFBIG: "allow larger files there",
    errno.EROFS: "choose another folder",
    errno.EACCES: "choose another folder, or change its rights",
    errno.EPERM: "choose another folder, or change its rights",
    errno.ENOTDIR: "choose another folder",
    errno.EEXIST: "choose another folder",
    errno.EIO: "check the disk",
}


@contextmanager
def replacing(path: str | Path, *, durable: bool = False) -> Iterator[Path]:
    """Yields a temporary path beside `path`; what the block wrote there becomes `path` when it succeeds.

    Works for files and for folders. The suffix is kept, so that writers that look at it still work.
    If the block raises, nothing is left behind and an existing `path` is untouched.

    Args:
        path: the file or folder to write.
        durable: wait until the disk has it, so that it survives a power failure too. A process that is killed loses
            nothing without; predictions by the thousand do without.

    Raises:
        UserError: the disk is full, or not to be written to.
    """
    path = Path(path)
    temporary = path.with_name(f".partial-{os.getpid()}-{path.name}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _delete(temporary)  # of a killed process that had this one's number, as in a container
        try:
            yield temporary
            if durable:
                for part in (*temporary.rglob("*"), temporary):
                    _sync(part)
            if temporary.is_dir() and path.is_dir():  # a folder that is not empty cannot be replaced
                shutil.rmtree(path)
            temporary.replace(path)
            if durable:
                _sync(path.parent)
        finally:
            _delete(temporary)


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Around what writes `path`: a full disk, or one not to be written to, is a UserError that names it."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        # HDF5 and TensorFlow say it in words only
        code = next((code for code in _REFUSALS if _is(error, code)), None)
        if code is None or _names_another(error, Path(path)):
            raise
        raise UserError(f"{path}: cannot be written: {os.strerror(code)}; {_REFUSALS[code]}") from error


def write_text(path: str | Path, text: str, *, durable: bool = False) -> None:
    """Writes `text` to `path` as UTF-8, all or nothing; `durable` as for `replacing`."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_lines(path: str | Path, lines: Iterable[str], *, durable: bool = False) -> None:
    """Writes lines to `path`, each with an end of line, all or nothing; `durable` as for `replacing`."""
    write_text(path, "".join(f"{line}\n" for line in lines), durable=durable)


def write_json(path: str | Path, value: Any, *, durable: bool = False) -> None:
    """Writes `value` to `path` as indented JSON, all or nothing; `durable` as for `replacing`."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n", durable=durable)


def remove(folder: Path) -> None:
    """Deletes a folder so that a process killed meanwhile does not leave half of it under its name."""
    temporary = folder.with_name(f".partial-{os.getpid()}-{folder.name}")
    _delete(temporary)
    folder.replace(temporary)
    _delete(temporary)


def clear_partial(folder: Path) -> None:
    """Deletes what killed processes left half-written in a folder, not below; call it before writing there."""
    for path in folder.glob(".partial-*"):
        match = _PARTIAL.fullmatch(path.name)
        if match and (int(match[1]) == os.getpid() or not _is_alive(int(match[1]))):
            _delete(path)


def is_partial(path: PurePath) -> bool:
    """Whether the name is one that `replacing` writes under."""
    return _PARTIAL.fullmatch(path.name) is not None


def _is(error: Exception, code: int) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno == code
    return os.strerror(code) in str(error)


def _names_another(error: Exception, path: Path) -> bool:
    """Whether what went wrong is the reading of a file elsewhere."""
    name = getattr(error, "filename", None)
    if not isinstance(name, str | Path):
        return False
    return Path(name) not in (path, *path.parents) and path.parent not in Path(name).parents


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
