"""How a table writes several tags into one cell: parted by a character, or as a JSON list."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from wsfcn_tf.data.tags.readers import yes_or_no
from wsfcn_tf.errors import UserError, some
from wsfcn_tf.files.reading import parse_json

SEPARATORS = {"space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "none": None}
_HOW = "say which with data.tag_separator (--tag-separator)"
_PYTHON_LIST = str.maketrans("'", '"')


class TagCells:
    """Tells from all cells what parts tags in them.

    Args:
        separator: a key of `SEPARATORS`; None finds it out.
        class_names: the classes, if they are known: a cell that is one of them is one tag.
    """

    def __init__(self, separator: str | None = None, class_names: Sequence[str] | None = None) -> None:
        self._name = separator
        self._class_names = frozenset(class_names or ())
        self._known: dict[str, Sequence[str]] = {}
        self.notes: list[str] = []

    def look(self, path: Path, cells: Iterable[str]) -> None:
        """Looks at a table's cells; `path` is for messages. Raises UserError if they can be read in two ways."""
        values = {cell.strip() for cell in cells} - self._class_names - {""}
        whole = {cell for cell in values if not _is_list(cell)}
        if self._name is None:
            self._name = _separator(path, whole, self._class_names)
            if self._name is not None:
                self.notes.append(f"{path.name}: tags are parted by {self._name}s")
        tags = {tag for cell in whole for tag in self._split(cell, str(path))} - self._class_names
        if tags and all(map(_says_nothing, tags)):
            raise UserError(
                f"{path}: its tags are numbers or answers ({some(sorted(tags), 3)}): write what they mean instead, or "
                "list them in classes.txt if these are the classes' names"
            )

    def tags(self, cell: str, where: str) -> Sequence[str]:
        """A cell's tags. Raises UserError if it starts like a list and is none."""
        if cell not in self._known:
            self._known[cell] = self._split(cell.strip(), where)
        return self._known[cell]

    def _split(self, cell: str, where: str) -> Sequence[str]:
        if not cell or cell in self._class_names:
            return [cell] if cell else []
        if _is_list(cell):
            return _read_list(cell, where)
        separator = SEPARATORS[self._name or "none"]
        return [cell] if separator is None else [part for part in map(str.strip, cell.split(separator)) if part]


def _separator(path: Path, cells: set[str], class_names: frozenset[str]) -> str | None:
    """The only character that parts tags, by its name; None if there are no cells of several tags."""
    found = [name for name, mark in SEPARATORS.items() if mark and mark != " " and any(mark in cell for cell in cells)]
    if len(found) > 1:
        raise UserError(f"{path}: tags could be parted by {' or '.join(found)}: {_HOW}")
    if found:
        return found[0]
    of_words = [cell for cell in cells if " " in cell]
    if not of_words:
        return None
    if all(word in cells or word in class_names for cell in of_words for word in cell.split()):
        return "space"
    raise UserError(f"{path}: tag {min(of_words)[:100]!r} is one or several: {_HOW}: space or none")


def _is_list(cell: str) -> bool:
    return cell.startswith("[")


def _read_list(cell: str, where: str) -> list[str]:
    """A JSON list of texts, or one as Python and pandas write it: ['cat', 'dog']."""
    has_json_quotes = '"' in cell or "'" not in cell
    tags = parse_json(cell if has_json_quotes else cell.translate(_PYTHON_LIST), where)
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise UserError(f"{where}: {cell[:100]!r} is no list of texts: mend it")
    return tags


def _says_nothing(tag: str) -> bool:
    """Whether it is a number, or yes or no, one of which might mean that nothing is there."""
    try:
        float(tag)
    except ValueError:
        return yes_or_no(tag) is not None
    return True
