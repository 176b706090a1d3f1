"""What a layout's reader gives: the photos of each split, their tags, and the classes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.outlines import Outlines, whole
from wsfcn_tf.data.layouts.splits import SPLITS
from wsfcn_tf.data.masks.label_numbers import NO_CLASSES
from wsfcn_tf.data.tags.class_names import check_number_of_classes, read_class_names
from wsfcn_tf.data.tags.tags import check_tags
from wsfcn_tf.errors import Report, UserError, refuse
from wsfcn_tf.files.reading import nfc


@dataclass(frozen=True)
class Choices:
    """What a user says about a layout where the folder does not.

    Attributes:
        tag_column: the table's column that holds the tags.
        tag_separator: what parts several tags in it: a key of `tag_cells.SEPARATORS`.
    """

    tag_column: str | None = None
    tag_separator: str | None = None


@dataclass(frozen=True)
class Contents:
    """A layout that was read.

    Attributes:
        class_names: the foreground classes, in the tool's own order if it has one, else sorted.
        splits: the photos of "train", "val" and "test", as far as there are any, as paths in the folder.
        tags: from these photos to their tags.
        notes: what was left out or taken for granted, a sentence each.
        masks: of the photos whose outlines are whole.
        not_whole: why those of the other photos are not, where any photo has outlines.
        annotated: of all photos with an annotation, what it has.
    """

    class_names: tuple[str, ...]
    splits: dict[str, list[str]]
    tags: dict[str, tuple[str, ...]]
    notes: tuple[str, ...] = field(default=())
    masks: dict[str, Outlines] = field(default_factory=dict)
    not_whole: dict[str, str] = field(default_factory=dict)
    annotated: dict[str, Outlines] = field(default_factory=dict)


class Gathering:
    """Photos and tags while they are being read.

    Args:
        folder: where the photos are. Its classes.txt, if there is one, says which tags are allowed, and their order.
        class_names: the same where neither classes.txt nor the tool says it; None allows all.
        report: what to do with a mistake; if it does not raise, the photo is left out.

    Raises:
        UserError: classes.txt is wrong.
    """

    def __init__(self, folder: SourceFolder, class_names: Sequence[str] | None = None, report: Report = refuse) -> None:
        self._folder = folder
        classes = folder.path("classes.txt")
        self.listed = read_class_names(classes) if classes.is_file() else None
        self._given = class_names
        self._report = report
        self._tags: dict[str, dict[str, None]] = {}
        self._splits: dict[str, dict[str, None]] = {}
        self._order: dict[str, None] = {}
        self._known: dict[str, str | None] = {}
        self._outlines: dict[str, Outlines] = {}
        self.notes: list[str] = []

    @contextmanager
    def mistakes(self) -> Iterator[None]:
        """Around what reads one photo or row: a UserError is reported, and the block left."""
        try:
            yield
        except UserError as error:
            self._report(str(error))

    def add(self, where: str, split: str, photo: str, tags: Iterable[str], again: bool = False) -> None:
        """Adds tags to a photo, which is in the split from then on.

        Args:
            where: for messages: the file, and the place in it.
            split: "train", "val" or "test".
            photo: its path in the folder.
            tags: as written; blanks around them are taken off, and what names the background is left out.
            again: whether the photo may have been added before, to the same split.

        Raises:
            UserError: it was there before, or a tag is empty, not allowed, or holds a line break.
        """
        there = self._splits.setdefault(split, {})
        if photo in there and not again:
            raise UserError(f"{where}: photo {photo!r} is there twice: keep one entry")
        shown = [tag for written in tags if (tag := self._tag(written, where)) is not None]
        there[photo] = None
        self._tags.setdefault(photo, {}).update(dict.fromkeys(shown))

    def add_outlines(self, photo: str, found: Outlines) -> None:
        """Adds what an annotation has of a photo's outlines; those of two annotations are not whole."""
        other = self._outlines.setdefault(photo, found)
        if other != found:
            lacking = f"has an annotation in {other.file} and one in {found.file}"
            self._outlines[photo] = replace(found, drawn=other.drawn or found.drawn, lacking=lacking)

    def order(self, class_names: Iterable[str], where: str) -> None:
        """Says which classes the tool has, in its own order. Raises UserError if one cannot be a class's name."""
        for written in class_names:
            if (tag := self._tag(written, where, check=False)) is not None:
                check_tags([tag], [tag], where)
                self._order[tag] = None

    def contents(self) -> Contents:
        """All that was added. Raises UserError if there are no photos, no tags, or too many classes."""
        root = self._folder.root
        if not self._tags:
            self._report(f"{root}: no image left: the annotations name no photo")
        used = {tag for tags in self._tags.values() for tag in tags}
        class_names = tuple(self.listed or self._order or self._given or sorted(used))
        if not class_names:
            raise UserError(f"{root}: no photo has a tag: there is nothing to learn")
        check_number_of_classes(class_names, root)
        splits = {split: list(self._splits[split]) for split in SPLITS if self._splits.get(split)}
        tags = {photo: tuple(tags) for photo, tags in self._tags.items()}
        unnamed = sum(photo not in tags for photo in self._folder.photos_outside_masks)
        if unnamed:
            self.notes.append(f"photos without an annotation, left out: {unnamed:,}")
        annotated = {photo: found for photo, found in self._outlines.items() if photo in tags}
        return Contents(class_names, splits, tags, tuple(self.notes), *whole(annotated), annotated)

    def _tag(self, written: str, where: str, check: bool = True) -> str | None:
        """The tag that is meant; None for the background."""
        if written not in self._known:
            tag = nfc(written.strip())
            if not tag:
                raise UserError(f"{where}: a label is empty: name it, or remove what has it")
            if tag.lower() in NO_CLASSES:
                tag = None
            elif check:
                check_tags([tag], list(self.listed or self._order or self._given or [tag]), where)
            else:
                return tag
            self._known[written] = tag
        return self._known[written]
