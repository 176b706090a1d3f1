"""Opening a folder in whichever layout it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.recognise import NATIVE, Recognised, read_layout, recognise
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
        raise UserError(f"{root}: of {name}, tags are read, not masks: leave out data.mask_values")
    contents = read_layout(source, name, choices, class_names, report)
    return Opened(LayoutFolder(root, name, contents), recognised)


def words(opened: Opened) -> list[str]:
    """What a user is told about a folder: what it was recognised as and why, and what was left out."""
    lines = []
    if opened.recognised is not None:
        lines.append(f"{opened.folder.root}: recognised as {opened.recognised.name}: {opened.recognised.reason}")
    return lines + [f"{opened.folder.root}: {note}" for note in getattr(opened.folder, "notes", ())]


def _looks_like(source: SourceFolder, name: str) -> str:
    """What to add to the error that a folder is not in this layout: which one it is in, if that is clear."""
    try:
        found = recognise(source)
    except UserError:
        return ""
    return "" if found.name == name else f"; it looks like {found.name} ({found.reason}), which data.format=auto reads"
