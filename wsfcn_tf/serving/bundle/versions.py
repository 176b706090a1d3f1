"""The exported versions of one network, as TensorFlow Serving wants them: NAME/1, NAME/2 and so on."""

import re
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import read_json

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # is part of URLs, of paths and of shell commands
_INPUT = "image_bytes"


@dataclass(frozen=True)
class Versions:
    """What is to be served.

    Attributes:
        name: of the model: the folder's.
        folders: {version: its SavedModel}, oldest first.
        tensorflow: the newest TensorFlow that one of them was written by, such as (2, 15).
        max_batch: photos that every version takes at a time.
    """

    name: str
    folders: dict[int, Path]
    tensorflow: tuple[int, int]
    max_batch: int


def find_versions(folder: str | Path) -> Versions:
    """The versions in a folder; nothing of them is loaded.

    Raises:
        UserError: no versions there, one that `export` has not written, or a name that is no good in a URL.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; export a network to {folder / '1'} first")
    if (folder / "saved_model.pb").is_file():
        raise UserError(f"{folder}: is one version; name the folder above it, {folder.resolve().parent}")
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise UserError(f"{folder}: its name is the model's: use letters, digits, dots, _ and - only")
    found = {int(path.name): path for path in folder.iterdir() if path.is_dir() and path.name.isdecimal()}
    folders = dict(sorted(found.items()))
    if not folders:
        raise UserError(f"{folder}: holds no version, a folder such as {folder / '1'} that `export` wrote")
    tensorflow = max(_check(path) for path in folders.values())
    return Versions(name, folders, tensorflow, min(_max_batch(path) for path in folders.values()))


def _check(version: Path) -> tuple[int, int]:
    """The TensorFlow that wrote a version."""
    try:
        saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
        graph = saved.meta_graphs[0]
    except (OSError, DecodeError, IndexError):
        raise UserError(f"{version}: is not a SavedModel: export to it again") from None
    if _INPUT not in graph.signature_def["serving_default"].inputs:
        raise UserError(
            f"{version}: its serving_default does not take {_INPUT}: export it with this version of wsfcn_tf"
        )
    major, minor, *_ = graph.meta_info_def.tensorflow_version.split(".")
    return int(major), int(minor)


def _max_batch(version: Path) -> int:
    """The limit that the version was exported with."""
    path = version / "assets.extra" / "metadata.json"
    try:
        return int(read_json(path)["limits"]["batch"])
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{path}: does not say limits.batch: export {version} again") from None
