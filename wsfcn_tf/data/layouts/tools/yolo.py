"""YOLO's text files, a line for each box or polygon: Ultralytics, Roboflow, darknet, LabelImg, CVAT."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsfcn_tf.data.layouts.folder import SourceFolder, stem
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.outlines import outlines
from wsfcn_tf.data.layouts.splits import split_of_folders
from wsfcn_tf.data.layouts.tools.yolo_data_file import DataFile, find_data_file
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc, read_lines

_NAMES = ("obj.names", "classes.txt")
_LOOKED_INTO = 20
_AREAS = ("polygon",)
_OUTLINE, _CORNERS = 6, 8  # coordinates: of the shortest outline, and of an oriented box


def recognise(folder: SourceFolder) -> str | None:
    """A YAML file with classes' names and splits; or text files of boxes, named like the photos."""
    try:
        data_file = find_data_file(folder)
    except UserError as error:  # which `read` raises, too
        return f"YOLO's YAML files ({error})"
    labels = _some_label_file(folder)
    if data_file is not None:
        return f"YOLO's {data_file.name}" if labels or data_file.has_splits else None
    return f"YOLO's text files ({labels!r})" if labels else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the classes of the lines in its text file; one without a text file shows none, as in YOLO."""
    with gathering.mistakes():
        data_file = find_data_file(folder)
        names, source = _class_names(folder, data_file)
        gathering.order(names, source)
        files, without = set(folder.ending(".txt")), 0
        has_keypoints = data_file is not None and data_file.has_keypoints
        splits: dict[str, list[str]] = {}
        found: list[tuple[str, str, list[tuple[str, int]]]] = []
        for split, photo in _photos(folder, data_file):
            splits.setdefault(split, []).append(photo)
        for split, photos in splits.items():
            if not any(_label_file(photo) in files for photo in photos):
                gathering.notes.append(f"photos of {split}, which has no text files, left out: {len(photos):,}")
                continue
            without += sum(_label_file(photo) not in files for photo in photos)
            for photo in photos:
                with gathering.mistakes():
                    file = _label_file(photo)
                    lines = read_labels(folder.path(file), names, source) if file in files else []
                    tags = [names[int(line[0])] for line in lines]
                    gathering.add(str(folder.path(file if file in files else photo)), split, photo, tags)
                    found.append((photo, file, [(tag, len(line) - 1) for tag, line in zip(tags, lines, strict=True)]))
        if not has_keypoints:
            _add_outlines(found, files, tuple(names), gathering)
        if without:
            gathering.notes.append(f"photos without a text file, taken to show none of the classes: {without:,}")


def _photos(folder: SourceFolder, data_file: DataFile | None) -> Iterator[tuple[str, str]]:
    if data_file is not None and data_file.has_splits:
        yield from data_file.photos()
        return
    for photo in folder.photos_outside_masks:
        yield split_of_folders(photo), photo


def _class_names(folder: SourceFolder, data_file: DataFile | None) -> tuple[list[str], str]:
    """The names by number, and the file that has them."""
    if data_file is not None:
        return data_file.class_names, str(folder.path(data_file.name))
    files = [name for name in folder.ending(*_NAMES) if name.rpartition("/")[2] in _NAMES]
    texts = {tuple(map(nfc, read_lines(folder.path(name)))): name for name in files}
    if len(texts) > 1:
        one, other = list(texts.values())[:2]
        raise UserError(f"{folder.path(one)}: names other classes than {other}: keep one")
    if not any(texts):
        raise UserError(f"{folder.root}: its text files number the classes: name them in a data.yaml or classes.txt")
    names, name = next(iter(texts.items()))
    return list(names), str(folder.path(name))


def _label_file(photo: str) -> str:
    """The photo's text file: beside it or, for images/1.jpg, labels/1.txt."""
    folders = photo.split("/")[:-1]
    if "images" in folders:
        last = len(folders) - 1 - folders[::-1].index("images")
        folders[last] = "labels"
    return "/".join((*folders, f"{stem(photo.rpartition('/')[2])}.txt"))


def read_labels(path: Path, names: Sequence[str], source: str) -> list[list[float]]:
    """The lines of a text file: a class's number, and coordinates from 0 to 1.

    Args:
        path: the text file.
        names: the classes by number.
        source: the file that names them, for messages.

    Raises:
        UserError: the file cannot be read, or a line is something else or has the number of no class.
    """
    lines = []
    for number, line in enumerate(read_lines(path), start=1):
        where, values = f"{path}: line {number}", _numbers(line)
        if values is None:
            raise UserError(f"{where}: is not a class's number and a box or polygon: mend it")
        if not 0 <= values[0] < len(names):
            raise UserError(f"{where}: there is no class {values[0]:.0f} in {source}, which names {len(names)}: add it")
        lines.append(values)
    return lines


def _add_outlines(
    found: list[tuple[str, str, list[tuple[str, int]]]], files: set[str], names: tuple[str, ...], gathering: Gathering
) -> None:
    """Adds the photos' polygons, as far as lines are some.

    Args:
        found: each photo, its text file, and of each line the class and how many coordinates it has.
        files: the text files that are there.
        names: the classes by number.
        gathering: what to add them to.
    """
    if {count for _, _, lines in found for _, count in lines} == {_CORNERS}:
        gathering.notes.append(
            "all outlines have four points, which are taken for oriented boxes, not for masks: if they are outlines, "
            "export COCO's JSON"
        )
        return
    for photo, file, lines in found:
        kinds = (("polygon" if count >= _OUTLINE and count % 2 == 0 else "box", tag) for tag, count in lines)
        gathering.add_outlines(photo, outlines(file, names if file in files else None, kinds, _AREAS))


def _numbers(line: str) -> list[float] | None:
    """A class's number and at least four coordinates; None if it is something else."""
    try:
        values = list(map(float, line.split()))
    except ValueError:
        return None
    whole = len(values) >= 5 and all(map(math.isfinite, values)) and values[0].is_integer()
    return values if whole else None


def _some_label_file(folder: SourceFolder) -> str | None:
    """The first text file with such lines that belongs to a photo."""
    files = set(folder.ending(".txt"))
    looked = [name for name in map(_label_file, folder.photos) if name in files]
    for name in looked[:_LOOKED_INTO]:
        try:
            lines = read_lines(folder.path(name))
        except UserError:
            continue
        if lines and _numbers(lines[0]) is not None:
            return name
    return None
