"""A folder for each class, below one for each split or not: torchvision's ImageFolder, Keras' from_directory."""

from collections.abc import Collection

from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.splits import split_named
from wsfcn_tf.data.tags.readers import NO_CLASS_FOLDERS
from wsfcn_tf.errors import UserError, some


def recognise(folder: SourceFolder) -> str | None:
    """Folders of classes below folders that are all splits; or two or more that are not all splits or a tool's."""
    tops = sorted({name.partition("/")[0] for name in folder.photos if "/" in name})
    if not tops or any("/" not in name for name in folder.photos):
        return None
    if _has_splits(tops):
        classes = sorted({name.split("/")[1] for name in folder.photos if name.count("/") > 1})
        if all(map(_is_no_class, classes)):
            return None
        return f"folders of classes ({some(classes, 3)}) in {', '.join(f'{name}/' for name in tops)}"
    if len(tops) < 2 or all(map(_is_no_class, tops)):
        return None
    return f"photos in folders of classes ({some(tops, 3)})"


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the class whose folder it lies in, however deep; one in background/ shows none."""
    tops = {name.partition("/")[0] for name in folder.photos if "/" in name}
    has_splits = _has_splits(tops)
    if has_splits:
        _check_split_names(folder, tops)
    for photo in folder.photos:
        with gathering.mistakes():
            split, parts = "train", photo.split("/")
            if has_splits and len(parts) > 1:
                split = split_named(parts.pop(0))
            if len(parts) < 2:
                raise UserError(f"{folder.path(photo)}: lies in no class's folder: move it into one, or away")
            gathering.add(str(folder.path(photo)), split, photo, [parts[0]])


def _is_no_class(name: str) -> bool:
    return name.lower() in NO_CLASS_FOLDERS or split_named(name) is not None


def _has_splits(tops: Collection[str]) -> bool:
    return bool(tops) and all(split_named(name) is not None for name in tops)


def _check_split_names(folder: SourceFolder, tops: Collection[str]) -> None:
    """Raises UserError if two folders are the same split: one may be an older copy of the other."""
    known: dict[str, str] = {}
    for name in sorted(tops):
        other = known.setdefault(split_named(name), name)
        if other != name:
            raise UserError(f"{folder.root}: has {other}/ and {name}/, which are the same split: keep one")
