"""Opening a folder in whichever layout it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.datasets.tagged import MASKS, TaggedFolder
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.recognise import NATIVE, Recognised, read_layout, recognise
from wsfcn_tf.data.masks.sources import COCO_FILE
from wsfcn_tf.errors import Report, UserError, refuse

AnyFolder = VocFolder | TaggedFolder | LayoutFolder


class Opened(NamedTuple):
    """A folder, and what it was recognised as; None if that was not asked."""

    folder: AnyFolder
    recognised: Recognised | None


def open_layout(
    root: Path,
    layout: str,
    choices: Choices = Choices(),  # noqa: B008  it is frozen
    class_names: tuple[str, ...] | None = None,
    report: Report = refuse,
    mask_values: Mapping[int, str] | None = None,
) -> Opened:
    """Opens a folder.

    Args:
        root: the folder.
        layout: "auto", or the name of a layout, ours or another's.
        choices: what another's layout does not say.
        class_names: the classes of a folder that does not say which it has.
        report: what to do with a mistake; if it does not raise, what has it is left out.
        mask_values: what masks' values mean, as `data.mask_values`.

    Raises:
        UserError: it is recognised as none or several, lacks what its layout needs, or has no masks to have values.
    """
    source = SourceFolder(root)
    recognised = recognise(source) if layout == "auto" else None
    name = recognised.name if recognised is not None else layout
    if name in NATIVE:
        kind = VocFolder if name == "voc" else TaggedFolder
        try:
            return Opened(kind(root, class_names, report, mask_values), recognised)
        except UserError as error:
            raise UserError(f"{error}{_looks_like(source, name)}") from error
    if mask_values:
        raise UserError(f"{root}: {name} itself says what its masks mean: leave out data.mask_values")
    contents = read_layout(source, name, choices, class_names, report)
    return Opened(LayoutFolder(root, name, contents, choices), recognised)


def open_for_evaluation(
    root: Path, class_names: tuple[str, ...] | None = None, mask_values: Mapping[int, str] | None = None
) -> AnyFolder:
    """A folder with masks: in VOC's layout if it has ImageSets/Segmentation, as `TaggedFolder` reads it, or in another
    tool's layout, whose classes may be some of those given, in any order.

    Args:
        root: the folder.
        class_names: its classes if it does not say which it has.
        mask_values: as of `open_layout`.

    Raises:
        UserError: it is in no layout or several, or lacks what its layout needs.
    """
    recognised = _recognised(SourceFolder(root))
    if recognised is None or recognised.name in NATIVE or _may_be_ours(root, recognised.name):
        is_voc = (root / "ImageSets" / "Segmentation").is_dir()
        try:
            return (VocFolder if is_voc else TaggedFolder)(root, class_names, mask_values=mask_values)
        except UserError:
            if recognised is None or recognised.name in NATIVE:
                raise
    folder = open_layout(root, recognised.name, class_names=class_names, mask_values=mask_values).folder
    return folder.with_classes(class_names) if set(folder.class_names) <= set(class_names or ()) else folder


def _may_be_ours(root: Path, name: str) -> bool:
    """Whether a folder that a tool's reader would take tags from may have masks in a form of our own."""
    return name in ("labelme", "image_folder") or any((root / there).exists() for there in (MASKS, COCO_FILE))


def words(opened: Opened) -> list[str]:
    """What a user is told about a folder: what it was recognised as and why, and what was left out."""
    lines = []
    if opened.recognised is not None:
        lines.append(f"{opened.folder.root}: recognised as {opened.recognised.name}: {opened.recognised.reason}")
    return lines + [f"{opened.folder.root}: {note}" for note in getattr(opened.folder, "notes", ())]


def _looks_like(source: SourceFolder, name: str) -> str:
    """What to add to the error that a folder is not in this layout: which one it is in, if that is clear."""
    found = _recognised(source)
    if found is None or found.name == name:
        return ""
    return f"; it looks like {found.name} ({found.reason}), which data.format=auto reads"


def _recognised(source: SourceFolder) -> Recognised | None:
    """The layout that a folder is in, if that is clear."""
    try:
        return recognise(source)
    except UserError:
        return None
