"""Checks of the classes' names: those that are no classes, but what a folder or a table is made of."""

import re
from collections.abc import Iterator

from wsfcn_tf.data.doctor.findings import Finding, counted
from wsfcn_tf.data.doctor.mends import drop_tag, merge_folders, split_tag
from wsfcn_tf.data.doctor.survey import Survey
from wsfcn_tf.data.layouts.splits import split_named
from wsfcn_tf.data.tags.readers import NO_CLASS_FOLDERS

_SEPARATORS = re.compile(r"\s*[,;|/+&]\s*")
_LOOSE = re.compile(r"[\s,;|/+&_-]+")  # those that are in names, too: only if all parts are classes


def named_like_folders(survey: Survey) -> Iterator[Finding]:
    """Classes that are called like splits, or like folders that tools make."""
    found = [name for name in survey.class_names if name.lower() in NO_CLASS_FOLDERS or split_named(name) is not None]
    if found:
        lines = tuple(f"{name}: {counted(len(_photos(survey, name)), 'photo')}" for name in found)
        paste = tuple(line for name in found for line in merge_folders(survey, name) or drop_tag(survey, name))
        advice = "if it is no class, mend the folders or tags"
        yield Finding("warning", "classes named like splits or tools' folders", lines, advice, paste)


def lists_of_classes(survey: Survey) -> Iterator[Finding]:
    """Classes all of whose parts are classes, too: "cat, dog" beside "cat" and "dog"."""
    lists = _lists(survey)
    if lists:
        lines = tuple(f"{name!r}: {' and '.join(map(repr, parts))}" for name, parts in lists.items())
        paste = tuple(line for name, parts in lists.items() for line in split_tag(survey, name, parts))
        yield Finding("warning", "classes that are lists of other classes", lines, "part them", paste)


def swallowed(survey: Survey) -> Iterator[Finding]:
    """Classes with a separator in them that share a part with another, which is not always a class of its own."""
    lists = _lists(survey)
    parts = {name: _parts(_SEPARATORS, name) for name in survey.class_names if name not in lists}
    parts = {name: split for name, split in parts.items() if len(split) > 1}
    found = {}
    for name, split in parts.items():
        others = {part for other, them in parts.items() if other != name for part in them} | set(survey.class_names)
        if not others.isdisjoint(split):
            found[name] = split
    if found:
        lines = tuple(f"{name!r} may be {' and '.join(map(repr, split))}" for name, split in found.items())
        paste = tuple(line for name, split in found.items() for line in split_tag(survey, name, split))
        advice = "if these are several tags, part them"
        yield Finding("warning", "classes that may be several tags in one cell", lines, advice, paste)


def _lists(survey: Survey) -> dict[str, list[str]]:
    """From a class to those that it is a list of."""
    plain = {name.casefold(): name for name in survey.class_names}
    found = {}
    for name in survey.class_names:
        parts = [plain.get(part.casefold()) for part in _parts(_LOOSE, name)]
        if len(parts) < 2 or None in parts:
            parts = [plain.get(part.casefold()) for part in _parts(_SEPARATORS, name)]
        if len(parts) > 1 and None not in parts:
            found[name] = parts
    return found


def _parts(separators: re.Pattern[str], name: str) -> list[str]:
    return [part for part in separators.split(name) if part]


def _photos(survey: Survey, name: str) -> list[str]:
    return [photo for photo, tags in survey.tags.items() if name in tags]
