"""Which layout a folder is in: each is asked, and none or several end in one line that says what settles it."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from wsfcn_tf.data.layouts.annotations import check_candidates
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices, Contents, Gathering
from wsfcn_tf.data.layouts.tools import (
    coco,
    cvat,
    cvat_masks,
    image_folder,
    label_studio,
    labelme,
    open_images,
    tables,
    voc_xml,
    yolo,
)
from wsfcn_tf.data.tags.readers import READERS, read_class_folders
from wsfcn_tf.errors import Report, UserError, refuse

LAYOUTS: dict[str, ModuleType] = {
    "image_folder": image_folder,
    "voc_xml": voc_xml,
    "coco": coco,
    "yolo": yolo,
    "labelme": labelme,
    "cvat": cvat,
    "cvat_masks": cvat_masks,
    "label_studio": label_studio,
    "open_images": open_images,
    "table": tables,
}
NATIVE = ("voc", "tagged")
_SETTLES = "data.format (--format)"
_TAGGED_ONLY = ("masks", "train.txt", "val.txt", "test.txt", "coco.json", "legend.csv")


class Recognised(NamedTuple):
    """A layout's name, a key of `LAYOUTS` or one of `NATIVE`, and the words that say why it is that one."""

    name: str
    reason: str


def recognise(folder: SourceFolder) -> Recognised:
    """Which layout a folder is in; our own two are preferred, for what is there says so.

    Raises:
        UserError: it is in none, or in several.
    """
    found = _native(folder) or _foreign(folder)
    if len(found) > 1:
        told = " or ".join(f"{name} ({reason})" for name, reason in found)
        raise UserError(f"{folder.root}: can be read as {told}: say which with {_SETTLES}")
    if not found:
        check_candidates(folder)
        raise UserError(_nothing(folder))
    return found[0]


def read_layout(
    folder: SourceFolder,
    name: str,
    choices: Choices,
    class_names: Sequence[str] | None = None,
    report: Report = refuse,
) -> Contents:
    """The photos and tags of a folder in one of `LAYOUTS`.

    Args:
        folder: the folder.
        name: the layout's.
        choices: what the folder does not say.
        class_names: the classes of a folder that does not say which it has.
        report: what to do with a mistake; if it does not raise, what has it is left out.

    Raises:
        UserError: there is nothing of that layout, or a mistake that is not reported.
    """
    gathering = Gathering(folder, class_names, report)
    LAYOUTS[name].read(folder, choices, gathering)
    return gathering.contents()


def _native(folder: SourceFolder) -> list[Recognised]:
    """Our own layouts, as far as it is one or the other that is there."""
    root, found = folder.root, []
    if (root / "ImageSets" / "Segmentation").is_dir():
        reason = cvat_masks.recognise(folder)
        if reason is not None:
            found.append(Recognised("cvat_masks", reason))
        if reason is None or any((root / name).exists() for name in ("classes.txt", "Annotations", *READERS)):
            found.append(Recognised("voc", "VOC's layout, has ImageSets/Segmentation"))
        return found
    tag_files = [name for name in READERS if (root / name).exists()]
    if tag_files and not _is_a_competitions(folder, tag_files):
        return [Recognised("tagged", f"tagged photos, has {' and '.join(tag_files)}")]
    own = [name for name in _TAGGED_ONLY if (root / name).exists()]
    if "masks" in own and (root / "classes.txt").exists() and not _has_class_folders(root):
        return [Recognised("tagged", "masks without tags, has masks/ and classes.txt"), *_foreign(folder)]
    if own and not (root / "obj.names").exists() and _has_class_folders(root):
        is_ours = {"image_folder", "coco"} if "coco.json" in own else {"image_folder"}
        others = [one for one in _foreign(folder) if one.name not in is_ours]
        return [Recognised("tagged", f"a folder for each class, has {own[0]}"), *others]
    return []


def _foreign(folder: SourceFolder) -> list[Recognised]:
    asked = ((name, layout.recognise(folder)) for name, layout in LAYOUTS.items())
    return [Recognised(name, reason) for name, reason in asked if reason is not None]


def _is_a_competitions(folder: SourceFolder, tag_files: list[str]) -> bool:
    """Whether it is a table that is called tags.csv as ours is, but has other columns."""
    has_ours = tag_files != ["tags.csv"] or "image" in folder.header("tags.csv")
    return not has_ours and tables.recognise(folder) is not None


def _has_class_folders(root: Path) -> bool:
    mistakes: list[str] = []
    return bool(read_class_folders(root, ("masks",), None, mistakes.append)) and not mistakes


def _nothing(folder: SourceFolder) -> str:
    photos, root = folder.photos, folder.root
    tops = {name.partition("/")[0] for name in folder.files}
    known = ", ".join((*NATIVE, *LAYOUTS))
    if len(tops) == 1 and photos and "/" in photos[0]:
        return f"{root}: has nothing but {tops.pop()}/: name that folder, or say what it is with {_SETTLES}: {known}"
    if not photos:
        return f"{root}: there is no photo in it: name the folder of the photos"
    what = f"{len(photos):,} photos, and nothing that is known to say their tags"
    return f"{root}: {what}: write a tags.csv, or say what it is with {_SETTLES}: {known}"
