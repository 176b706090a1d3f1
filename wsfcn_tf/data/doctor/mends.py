"""What to paste to mend a finding, where that can be said: commands for a shell, and rows of tables."""

import csv
import io
import json
import shlex
from collections.abc import Collection, Iterable, Sequence

from wsfcn_tf.data.doctor.survey import Survey
from wsfcn_tf.data.layouts.recognise import NATIVE
from wsfcn_tf.data.photos.file_finder import FileFinder
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


def _row(name: str, tags: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow((name, ";".join(tags)))
    return text.getvalue()


def _import(survey: Survey) -> str:
    return f"python -m wsfcn_tf prepare-data import {shlex.quote(str(survey.root))} --output FOLDER"
