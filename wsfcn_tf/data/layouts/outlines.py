"""Where a photo's outlines are, and whether they are all of what its tags say: else they are no mask."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from wsfcn_tf.data.masks.label_numbers import NO_CLASSES
from wsfcn_tf.files.reading import nfc

OF_PHOTO = "tag"  # the kind of what is said of a whole photo


@dataclass(frozen=True, slots=True)
class Outlines:
    """What an annotation has of one photo.

    Attributes:
        file: the annotation, as a path in the folder.
        entry: which of the file's entries it is; None if all of the file is. Of YOLO's, which numbers the classes: the
            classes, or None if there is no file, for that is nothing in the photo.
        drawn: whether anything has an outline.
        lacking: why these are not all outlines, such as "box 'cat' has no outline"; None if they are.
    """

    file: str
    entry: Hashable = None
    drawn: bool = False
    lacking: str | None = None


def outlines(file: str, entry: Hashable, shapes: Iterable[tuple[str, str]], areas: Iterable[str]) -> Outlines:
    """A photo's, from its shapes.

    Args:
        file: as of `Outlines`.
        entry: as of `Outlines`.
        shapes: pairs of kind and label; a tag, of the kind `OF_PHOTO`, is outlined if another shape of its label is.
        areas: the kinds that have an outline.
    """
    shapes, areas = list(shapes), set(areas)
    drawn = {label for kind, label in shapes if kind in areas}
    lacking = (
        f"{kind} {label[:50]!r} has no outline"
        for kind, label in shapes
        if kind not in areas and not (kind == OF_PHOTO and (label in drawn or _is_no_class(label)))
    )
    return Outlines(file, entry, bool(drawn), next(lacking, None))


def whole(found: dict[str, Outlines]) -> tuple[dict[str, Outlines], dict[str, str]]:
    """The photos whose outlines are their masks, and what the others lack.

    Where nothing is outlined in any photo, there are no masks: not of photos that show nothing either.
    """
    if not any(of_photo.drawn for of_photo in found.values()):
        return {}, {}
    masks = {photo: of_photo for photo, of_photo in found.items() if of_photo.lacking is None}
    return masks, {photo: of_photo.lacking for photo, of_photo in found.items() if of_photo.lacking is not None}


def _is_no_class(label: str) -> bool:
    return nfc(label.strip()).lower() in NO_CLASSES
