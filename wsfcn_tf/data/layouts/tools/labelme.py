"""LabelMe's JSON for each photo: its shapes' labels and its flags."""

from typing import Any

from wsfcn_tf.data.layouts.annotations import json_files, photo_of
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.outlines import OF_PHOTO, outlines
from wsfcn_tf.data.layouts.splits import split_of_folders
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import read_json

_AREAS = ("polygon", "mask", "circle")  # a rectangle is a box: nobody outlines with it


def recognise(folder: SourceFolder) -> str | None:
    """A JSON file with shapes and an imagePath."""
    files = json_files(folder, _is_labelme)
    return f"LabelMe's JSON ({files[0]!r})" if files else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows its shapes' labels and the flags that are set; one without a file is left out."""
    files = folder.ending(".json")
    if not files:
        raise UserError(f"{folder.root}: there is no JSON file: add the annotations")
    for name in files:
        with gathering.mistakes():
            where, content = str(folder.path(name)), read_json(folder.path(name))
            if not (isinstance(content, dict) and "shapes" in content):
                gathering.notes.append(f"{name} is not LabelMe's: left out")
                continue
            shapes, image_path = _shapes(content, where), content.get("imagePath")
            photo = photo_of(folder, name, image_path if isinstance(image_path, str) else None)
            gathering.add(where, split_of_folders(photo), photo, [label for _, label in shapes])
            gathering.add_outlines(photo, outlines(name, None, shapes, _AREAS))


def _is_labelme(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("shapes"), list) and "imagePath" in value


def _shapes(content: dict[str, Any], where: str) -> list[tuple[str, str]]:
    """Pairs of kind and label: the shapes, and the flags that are set."""
    shapes, flags = content["shapes"], content.get("flags") or {}
    if not isinstance(shapes, list) or not isinstance(flags, dict):
        raise UserError(f"{where}: is not LabelMe's: shapes is a list there, and flags are names with true or false")
    found = []
    for number, shape in enumerate(shapes, start=1):
        tag = shape.get("label") if isinstance(shape, dict) else None
        if not isinstance(tag, str):
            raise UserError(f"{where}: shape {number} has no label: name it, or remove it")
        found.append((str(shape.get("shape_type") or "polygon")[:50], tag))
    wrong = next((flag for flag, value in flags.items() if not isinstance(value, bool)), None)
    if wrong is not None:
        raise UserError(f"{where}: flag {wrong[:50]!r} is neither true nor false: mend it")
    return found + [(OF_PHOTO, flag) for flag, is_set in flags.items() if is_set]
