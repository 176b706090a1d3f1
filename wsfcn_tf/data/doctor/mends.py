"""What to paste to mend a finding, where that can be said: commands for a shell, and rows of tables."""

import csv
import io
import json
import re
import shlex
from collections.abc import Collection, Iterable, Sequence

from wsfcn_tf.data.doctor.survey import Survey
from wsfcn_tf.data.layouts.recognise import NATIVE
from wsfcn_tf.data.layouts.tools.tag_cells import SEPARATORS
from wsfcn_tf.data.photos.file_finder import FileFinder
from wsfcn_tf.data.tags.readers import READERS
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import read_lines

_MOST = 100  # photos in a command
_LISTS = {"voc": "ImageSets/Segmentation", "tagged": "."}


def leave_out(survey: Survey, split: str, photos: Collection[str]) -> tuple[str, ...]:
    """A command that takes photos out of a split's list; of another tool's folder, one that makes a folder with lists.

    Nothing if there is no such list, or there are too many photos for a command.
    """
    if survey.layout not in NATIVE:
        return (_import(survey),)
    path = survey.root / _LISTS[survey.layout] / f"{split}.txt"
    finder = FileFinder(survey.root) if survey.layout == "tagged" else None
    try:
        lines = read_lines(path) if path.exists() and len(photos) <= _MOST else []
        meant = [line for line in lines if (finder.find(line) if finder else line) in photos]
    except UserError:  # told by another finding
        return ()
    if not meant:
        return ()
    patterns = " ".join(f"-e {shlex.quote(line)}" for line in meant)
    old, new = shlex.quote(str(path)), shlex.quote(f"{path}.new")
    return (f"grep -vxF {patterns} {old} > {new} && mv {new} {old}",)


def one_row(survey: Survey, groups: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """For each group of copies, the row of its first photo with the tags of all; nothing if tags are not in rows."""
    if survey.layout not in NATIVE:
        return (_import(survey),)
    rows = []
    for names in groups:
        shown = {tag for name in names for tag in survey.tags.get(name, ())}
        rows.append((names[0], [tag for tag in survey.class_names if tag in shown]))
    if (survey.root / "tags.csv").exists():
        return tuple(_row(name, tags) for name, tags in rows)
    if (survey.root / "tags.jsonl").exists():
        return tuple(json.dumps({"image": name, "tags": tags}, ensure_ascii=False) for name, tags in rows)
    return ()


def split_tag(survey: Survey, name: str, parts: Sequence[str]) -> tuple[str, ...]:
    """What makes several tags of one: a setting for a table, else a command for tags.csv, of an import if need be.

    Nothing if the tags are in another file of ours, or folders.
    """
    if survey.layout == "table":
        marks = [key for key, mark in SEPARATORS.items() if mark and mark != " " and mark in name]
        marks = marks or ["space"] * (" " in name)
        if len(marks) == 1:
            return (f"--set data.tag_separator={marks[0]}",)
    return _in_tags_csv(survey, name, ";".join(parts))


def drop_tag(survey: Survey, name: str) -> tuple[str, ...]:
    """A command that takes a tag out of tags.csv, of an import if need be; nothing if tags are elsewhere."""
    return _in_tags_csv(survey, name, "")


def merge_folders(survey: Survey, name: str) -> tuple[str, ...]:
    """Where classes are folders, and there are folders in the one called so: commands that move the others into it."""
    folder = survey.root / name
    tags_are_folders = survey.layout == "image_folder" or (
        survey.layout == "tagged" and not any((survey.root / file).exists() for file in READERS)
    )
    if not tags_are_folders or not folder.is_dir() or not any(path.is_dir() for path in folder.iterdir()):
        return ()
    others = [survey.root / other for other in survey.class_names if other != name]
    return tuple(f"mv {shlex.quote(str(other))} {shlex.quote(str(folder))}/" for other in others if other.is_dir())


def join_by_semicolons(survey: Survey, mark: str) -> tuple[str, ...]:
    """A command that parts tags in tags.csv as ours are, which another mark parts there."""
    path = survey.root / "tags.csv"
    if survey.layout not in NATIVE or not path.exists():
        return ()
    what = {"|": "s/ *[|] */;/g", ",": r':a; s/("[^",]*), *([^"]*")\r?$/\1;\2/; ta'}[mark]
    return (f"sed -i -E {shlex.quote(what)} {shlex.quote(str(path))}",)


def _in_tags_csv(survey: Survey, name: str, tags: str) -> tuple[str, ...]:
    ours = survey.layout in NATIVE
    if ours and not (survey.root / "tags.csv").exists():
        return ()
    root = shlex.quote(str(survey.root)) if ours else "FOLDER"
    old, new = (re.sub(r"[][\\/.*^$+?(){}|&]", r"\\\g<0>", text) for text in (name, tags))
    change = f's/(^|[;,"]) *{old} *([;"]|\r?$)/\\1{new}\\2/g'
    commands = () if ours else (_import(survey),)
    commands += (f"sed -i -E {shlex.quote(change)} {root}/tags.csv",)
    if not ours or (survey.root / "classes.txt").exists():
        commands += (f"sed -i -E {shlex.quote(f'/^{old}$/d')} {root}/classes.txt",)
    return commands


def _row(name: str, tags: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow((name, ";".join(tags)))
    return text.getvalue()


def _import(survey: Survey) -> str:
    return f"python -m wsfcn_tf prepare-data import {shlex.quote(str(survey.root))} --output FOLDER"
