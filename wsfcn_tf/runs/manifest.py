"""Checksums of a checkpoint's files: what tells a damaged one from a whole one before anything is loaded."""

import json
import zlib
from pathlib import Path

from wsfcn_tf.files import write_json

MANIFEST = "manifest.json"
_CHUNK = 1 << 22


def write_manifest(folder: Path) -> None:
    """Notes size and CRC-32 of every file in a folder, in a file of that folder."""
    files = {path.name: {"bytes": path.stat().st_size, "crc32": _crc32(path)} for path in sorted(folder.iterdir())}
    write_json(folder / MANIFEST, {"files": files})


def damage(folder: Path) -> str | None:
    """What of a folder is not as it was written; None if all is, or if there is no manifest to tell by.

    Raises:
        OSError: the disk does not give a file, which says nothing about what is in it.
    """
    if not (folder / MANIFEST).is_file():
        return None
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        expected = {name: (entry["bytes"], entry["crc32"]) for name, entry in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} is damaged"
    for name, (size, checksum) in expected.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size:
            return f"{name} has {path.stat().st_size} bytes, not {size}"
        if _crc32(path) != checksum:
            return f"{name} has another checksum than when it was written"
    return None


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
