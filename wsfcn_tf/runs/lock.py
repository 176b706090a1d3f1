"""That one process at a time writes to a run's folder."""

import errno
import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import writing

LOCK = "lock"
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # Lustre mounted without flock, for one


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Holds a run's folder, which is made if need be and removed again if nothing is left in it.

    The kernel lets go of the lock when the process ends, however it does: a file that a killed one left means nothing.
    Where the file system has no locks, a line says so, and nothing is held.

    Raises:
        UserError: another process holds it, or the folder cannot be written to.
    """
    path = root / LOCK
    with writing(path):
        handle = _acquire(path)
        os.ftruncate(handle, 0)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        os.write(handle, json.dumps({"host": platform.node(), "pid": os.getpid(), "since": now}).encode())
    try:
        yield
    finally:
        # under the lock: who has opened the file meanwhile finds out that it is not the folder's any more
        path.unlink(missing_ok=True)
        os.close(handle)
        with suppress(OSError):
            root.rmdir()  # only if it is empty


def is_locked(root: Path) -> bool:
    """Whether a process is training into the folder."""
    try:
        handle = os.open(root / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        return _try(handle) is False
    finally:
        os.close(handle)


def _acquire(path: Path) -> int:
    """A handle of the folder's lock file, held."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            is_held = _try(handle)
            if is_held is None:
                print(f"{path.parent}: this file system has no locks; see to it that only one training writes there")
            elif not is_held:
                raise UserError(f"{path.parent}: {_holder(path)} is training into this folder; choose another --output")
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # of a file that its last holder has removed: once more


def _try(handle: int) -> bool | None:
    """Whether the lock is this process's now; None if the file system has none."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    return True


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']},"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
