"""That one process at a time writes to a run's folder."""

import errno
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

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
    lock = _lock_of(root)
    with writing(path):
        while not lock.is_locked:
            root.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout:  # held, or its last holder has just removed the file: once more
                if is_locked(root):
                    told = f"{root}: {_holder(path)} is training into this folder; choose another --output"
                    raise UserError(told) from None
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                print(f"{root}: this file system has no locks; see to it that only one training writes there")
                break
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        path.write_text(json.dumps({"host": platform.node(), "pid": os.getpid(), "since": now}), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # under the lock: who waits for it finds out that the file is the folder's no more
        lock.release()
        with suppress(OSError):
            root.rmdir()  # only if it is empty


def is_locked(root: Path) -> bool:
    """Whether a process is training into the folder."""
    if not (root / LOCK).exists():
        return False
    try:
        with _lock_of(root):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def _lock_of(root: Path) -> FileLock:
    # a marker file, filelock's own way out on a file system without locks, would outlive a process that is killed
    return FileLock(root / LOCK, blocking=False, fallback_to_soft=False)


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']},"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
