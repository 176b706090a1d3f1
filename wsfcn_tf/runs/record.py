"""record.json: what a run was trained with and when; one entry for each time that it was started."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import wsfcn_tf
from wsfcn_tf.files import write_json

_PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "tensorflow-addons",
    "tensorflow-datasets",
    "opencv-python",
    "numba",
    "h5py",
    "pydensecrf2",
)
_KILLED = "killed"
_RUNNING = "running"


class RunRecord:
    """The record of a run, of which this process adds an entry.

    Args:
        path: the file; what is in it stays.
        facts: of this start: {name: what JSON can hold}.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any]) -> None:
        self._path = path
        self._starts = read_record(path)
        for entry in self._starts:
            if entry.get("outcome") == _RUNNING:  # its process holds the lock no more
                entry["outcome"] = _KILLED
        self._began = time.monotonic()  # the clock on the wall may be set meanwhile
        self._entry = {"started": _now(), "seen": _now(), "seconds": 0.0, "outcome": _RUNNING, **facts}
        self._write()

    def note(self, **facts: Any) -> None:
        """Adds facts to the entry, and that the run was alive now."""
        self._entry |= {**facts, "seen": _now(), "seconds": round(time.monotonic() - self._began, 1)}
        self._write()

    def _write(self) -> None:
        write_json(self._path, {"starts": [*self._starts, self._entry]}, durable=True)


def read_record(path: Path) -> list[dict[str, Any]]:
    """The entries so far, oldest first; none if there is no such file, or it is not a record."""
    try:
        starts = json.loads(path.read_text(encoding="utf-8"))["starts"]
        return [dict(entry) for entry in starts]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def versions() -> dict[str, str]:
    """Python, this package, and the packages that results depend on, as far as they are installed."""
    found = {"python": platform.python_version(), "wsfcn-tf": wsfcn_tf.__version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def git_state(package: Path = Path(wsfcn_tf.__file__).parent) -> dict[str, Any] | None:
    """The commit that this package's code is from, and whether it has been changed since; None outside a repository."""
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:  # installed below somebody's repository
        return None
    commit, changes = _git(package, "rev-parse", "HEAD"), _git(package, "status", "--porcelain", "-uno", ".")
    return None if commit is None else {"commit": commit, "dirty": bool(changes)}


def hardware(gpus: Sequence[str]) -> dict[str, Any]:
    """The machine, without its name.

    Args:
        gpus: what each is called.
    """
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "gpus": list(gpus),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
