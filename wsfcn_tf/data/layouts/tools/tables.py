"""Tables as competitions have them: a photo's name, and its tags in one column, or a column for each class.

Some have a row for each mask, as run lengths (`EncodedPixels`), and the class in a column of its own or behind the
photo's name: `0002cc93b.jpg_4`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wsfcn_tf.data.layouts.annotations import none_fits
from wsfcn_tf.data.layouts.folder import SourceFolder, above
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.outlines import outlines
from wsfcn_tf.data.layouts.splits import check_once, split_named, split_of
from wsfcn_tf.data.layouts.tools.tag_cells import TagCells
from wsfcn_tf.data.tags.readers import yes_or_no
from wsfcn_tf.errors import UserError, some
from wsfcn_tf.files.tables import read_table

# by how surely they are a photo's name
_PHOTO_COLUMNS = ("image_id", "image_name", "filename", "file_name", "image", "imageid", "image_path", "img", "id")
_TAG_COLUMNS = ("tags", "tag", "labels", "label", "classes", "class", "class_name", "category", "categories")
_SPLIT_COLUMNS = ("split", "subset", "set")
_BOX_COLUMNS = ("width", "height", "xmin", "ymin", "xmax", "ymax", "x_min", "y_min", "x_max", "y_max", "bbox")
_JOINT_COLUMNS = ("imageid_classid", "image_label", "image_id_class_id")  # NAME_CLASS
_NUMBERED = "classid"  # a column of class numbers, which are names here
_RUN_COLUMNS = ("encodedpixels", "rle", "rle_mask")  # down the columns of the photo; "segmentation" goes either way
_MASK_COLUMNS = (*_RUN_COLUMNS, "segmentation")  # of a row that may have none
_NO_MASK = ("", "-1")
_ROW_KIND, _RUNS_KIND = "row", "mask"
_OTHERS = ({"imageid", "labelname"}, {"annotation_id", "lead_time"}, {"annotation_id", "annotator"})  # of other layouts
_LOOKED_INTO = 20


class _Columns(NamedTuple):
    """How many there are, and positions; tags is None where the class is the part of the photo's name behind its last
    `_` (joint), or the only one there is, or where each of `classes` has a column.
    """

    width: int
    photo: int
    tags: int | None
    split: int | None
    mask: int | None
    classes: list[tuple[int, str]]
    has_runs: bool = False
    joint: bool = False
    only: str | None = None
    numbered: bool = False


def recognise(folder: SourceFolder) -> str | None:
    """A table with a column that names photos that are there, and another one."""
    found = [name for name in _tables(folder) if _names_photos(folder, name)]
    return f"a table with photos' names ({some(found, 3)})" if found else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the tags of all its rows; it is there once for each tag or box in some tables."""
    with gathering.mistakes():
        tables = _tables(folder)
        files = [name for name in tables if _names_photos(folder, name)] or tables
        if not files:
            raise none_fits(folder, (".csv", ".tsv"), f"table with one of the columns {', '.join(_PHOTO_COLUMNS)}")
        splits = {name: split_of(name) or "train" for name in files}
        check_once(((split, str(folder.path(name))) for name, split in splits.items()), "tables")
        cells = TagCells(choices.tag_separator, gathering.listed)
        read = [(name, *_read(folder, name, choices, gathering.listed)) for name in files]
        for name, columns, rows in read:
            if columns.tags is not None and not columns.numbered:
                found = (fields[columns.tags] for _, fields in rows if len(fields) == columns.width)
                cells.look(folder.path(name), found)
        for name, columns, rows in read:
            _add_rows(folder, name, columns, rows, splits[name], cells, gathering)
        gathering.notes += cells.notes


def _tables(folder: SourceFolder) -> list[str]:
    found = []
    # Excel's "Unicode Text" is .txt; farther down, such files are YOLO's labels, as many as photos
    texts = [name for name in folder.ending(".txt") if "/" not in name]
    for name in [*folder.ending(".csv", ".tsv"), *texts]:
        header = [field.lower() for field in folder.header(name)]
        is_answer = "submission" in name.rpartition("/")[2].lower()  # an example of what a competition wants
        if is_answer or any(other <= set(header) for other in _OTHERS):
            continue
        if len(header) > 1 and (not set(_PHOTO_COLUMNS).isdisjoint(header) or _joint_column(header) is not None):
            found.append(name)
    return found


def mask_cells(folder: SourceFolder, name: str) -> dict[int, str]:
    """The run lengths of a table's rows, by their lines, of rows that have some."""
    header, rows = read_table(folder.path(name), folder.header(name)[0])
    column = _one_of([field.lower() for field in header], _RUN_COLUMNS, photo=-1)
    return {line: fields[column] for line, fields in rows if len(fields) == len(header) and fields[column].strip()}


def _joint_column(header: Sequence[str]) -> int | None:
    """The column of NAME_CLASS, if there is one of masks, too."""
    lower = [field.lower() for field in header]
    has_masks = not set(_MASK_COLUMNS).isdisjoint(lower)
    return next((lower.index(name) for name in _JOINT_COLUMNS if has_masks and name in lower), None)


def _photo_columns(header: Sequence[str]) -> list[int]:
    lower = [field.lower() for field in header]
    return [lower.index(name) for name in _PHOTO_COLUMNS if name in lower]


def _names_photos(folder: SourceFolder, name: str) -> bool:
    """Whether one of the first rows names a photo that is there. A table that cannot be read is left to `read`."""
    try:
        header, rows = read_table(folder.path(name), folder.header(name)[0])
        first = _first(rows)
    except UserError:
        return True
    joint = _joint_column(header)
    if joint is not None:
        first = [
            (line, [_parts(field)[0] if at == joint else field for at, field in enumerate(fields)])
            for line, fields in first
        ]
    return any(
        len(fields) > column and _is_there(folder, fields[column], above(name))
        for column in (_photo_columns(header) if joint is None else [joint])
        for _, fields in first
    )


def _first(rows: Iterator[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    return [row for _, row in zip(range(_LOOKED_INTO), rows, strict=False)]


def _is_there(folder: SourceFolder, name: str, near: str) -> bool:
    try:
        return folder.find(name, near) is not None
    except UserError:  # several
        return True


def _parts(field: str) -> tuple[str, str]:
    """A photo's name and the class behind it."""
    name, _, tag = field.strip().rpartition("_")
    return name, tag


def _read(
    folder: SourceFolder, name: str, choices: Choices, listed: Sequence[str] | None
) -> tuple[_Columns, list[tuple[int, list[str]]]]:
    path = folder.path(name)
    header, iterator = read_table(path, folder.header(name)[0])
    rows = list(iterator)
    columns = _columns(folder, name, header, rows, choices, listed)
    has_runs = columns.mask is not None and header[columns.mask].lower() in _RUN_COLUMNS
    return columns._replace(has_runs=has_runs), rows


def _columns(
    folder: SourceFolder,
    name: str,
    header: list[str],
    rows: list[tuple[int, list[str]]],
    choices: Choices,
    listed: Sequence[str] | None,
) -> _Columns:
    """What each column is. Raises UserError if it cannot be told."""
    where, lower = f"{folder.path(name)}: line 1", [field.lower() for field in header]
    joint = _joint_column(header)
    if joint is not None:
        split, mask = (_one_of(lower, names, joint) for names in (_SPLIT_COLUMNS, _MASK_COLUMNS))
        return _Columns(len(header), joint, None, split, mask, [], joint=True)
    named = _photo_columns(header)
    if not named:
        raise UserError(f"{where}: none of the columns {', '.join(_PHOTO_COLUMNS)}: call that of the photos so")
    sample = rows[:_LOOKED_INTO]
    fits = [at for at in named if any(len(f) > at and _is_there(folder, f[at], above(name)) for _, f in sample)]
    photo = (fits or named)[0]
    split, mask = (_one_of(lower, names, photo) for names in (_SPLIT_COLUMNS, _MASK_COLUMNS))
    others = [at for at in range(len(header)) if at not in (photo, split, mask) and lower[at] not in _BOX_COLUMNS]
    others = [at for at in others if lower[at] not in _PHOTO_COLUMNS]
    if choices.tag_column is not None:
        if choices.tag_column not in header:
            raise UserError(f"{where}: there is no column {choices.tag_column!r}, which data.tag_column names")
        return _Columns(len(header), photo, header.index(choices.tag_column), split, mask, [])
    if mask is not None and _NUMBERED in lower:
        return _Columns(len(header), photo, lower.index(_NUMBERED), split, mask, [], numbered=True)
    if mask is not None and not others:
        if listed is None or len(listed) != 1:
            raise UserError(
                f"{where}: its rows are masks of one class, which it does not name: write it to a classes.txt"
            )
        return _Columns(len(header), photo, None, split, mask, [], only=listed[0])
    usual = [at for at in others if lower[at] in _TAG_COLUMNS]
    if len(usual) == 1 or len(others) == 1:
        return _Columns(len(header), photo, (usual if len(usual) == 1 else others)[0], split, mask, [])
    answers = (yes_or_no(fields[at]) for _, fields in rows if len(fields) == len(header) for at in others)
    if len(others) > 1 and not usual and all(answer is not None for answer in answers):
        return _Columns(len(header), photo, None, split, mask, [(at, header[at]) for at in others])
    either = some([header[at] for at in usual or others]) or "none of its columns"
    raise UserError(f"{where}: {either} could hold the tags: say which with data.tag_column (--tag-column)")


def _one_of(header: list[str], names: Sequence[str], photo: int) -> int | None:
    return next((header.index(name) for name in names if name in header and header.index(name) != photo), None)


def _add_rows(
    folder: SourceFolder,
    name: str,
    columns: _Columns,
    rows: list[tuple[int, list[str]]],
    split: str,
    cells: TagCells,
    gathering: Gathering,
) -> None:
    path, drawn = folder.path(name), {}
    for line, fields in rows:
        with gathering.mistakes():
            where = f"{path}: line {line}"
            if len(fields) != columns.width:
                raise UserError(f"{where}: not as many fields as the header has: quote tags that are parted by commas")
            try:
                named = fields[columns.photo]
                photo = folder.photo(_parts(named)[0] if columns.joint else named, above(name), split_of(name))
            except UserError as error:
                raise UserError(f"{where}: {error}") from None
            tags = _tags(fields, columns, cells, where)
            if columns.mask is not None and fields[columns.mask].strip() in _NO_MASK:
                tags = []
            gathering.add(where, _split(fields, columns, split, where), photo, tags, again=True)
            if columns.has_runs:
                drawn.setdefault(photo, []).extend((line, tag) for tag in tags)
    for photo, rows_of_photo in drawn.items():
        _add_outlines(photo, name, rows_of_photo, gathering)


def _add_outlines(photo: str, name: str, drawn: list[tuple[int, str]], gathering: Gathering) -> None:
    """Adds a photo's masks, pairs of line and class; a row of several classes outlines none of them."""
    classes = Counter(line for line, _ in drawn)
    kinds = ((_RUNS_KIND if classes[line] == 1 else _ROW_KIND, tag) for line, tag in drawn)
    gathering.add_outlines(photo, outlines(name, tuple(drawn), kinds, (_RUNS_KIND,)))


def _tags(fields: list[str], columns: _Columns, cells: TagCells, where: str) -> Sequence[str]:
    if columns.joint or columns.numbered or columns.only is not None:
        tag = _parts(fields[columns.photo])[1] if columns.joint else columns.only or fields[columns.tags].strip()
        return [tag] if tag else []
    if columns.tags is not None:
        return cells.tags(fields[columns.tags], where)
    return [name for at, name in columns.classes if yes_or_no(fields[at])]


def _split(fields: list[str], columns: _Columns, split: str, where: str) -> str:
    if columns.split is None:
        return split
    named = split_named(fields[columns.split])
    if named is None:
        raise UserError(f"{where}: split {fields[columns.split][:50]!r} is none of train, val and test: call it so")
    return named
