"""Checks of tags and lists: what training learns from."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, permutations

from wsfcn_tf.data.doctor.findings import Finding, counted
from wsfcn_tf.data.doctor.mends import join_by_semicolons
from wsfcn_tf.data.doctor.survey import Survey, is_training

_FEW = 5
_MOST = 2 / 3  # of 0.74 of the photos, the worst class of benchmarks/tag_health.md; those of 0.45 were half as bad
_HARDLY = 0.1
_SEVERAL = re.compile("tag (.*) looks like several")  # the readers' message about a tag that has a separator in it


def photos_by_class(survey: Survey) -> dict[str, set[str]]:
    """From each class to the training photos with its tag."""
    found: dict[str, set[str]] = {name: set() for name in survey.class_names}
    for photo in training_photos(survey):
        for name in survey.tags.get(photo, ()):
            found[name].add(photo)
    return found


def training_photos(survey: Survey) -> list[str]:
    """The photos of the training splits."""
    splits = (names for split, names in survey.splits.items() if is_training(split))
    return list(dict.fromkeys(name for names in splits for name in names))


def mistakes(survey: Survey) -> Iterator[Finding]:
    """Rows, lines and files that the readers refuse."""
    if survey.mistakes:
        what = f"{counted(len(survey.mistakes), 'mistake')} in tags, lists or masks"
        paste = tuple(
            line
            for mark in ",|"
            if any(mark in found.group(1) for found in map(_SEVERAL.search, survey.mistakes) if found)
            for line in join_by_semicolons(survey, mark)
        )
        yield Finding("error", what, survey.mistakes, "mend each: training stops at the first", paste)


def nothing_to_learn(survey: Survey) -> Iterator[Finding]:
    """Training data without any tag."""
    if training_photos(survey) and not any(photos_by_class(survey).values()):
        yield Finding("error", "no training photo has a tag", (str(survey.root),), "tag what the photos show")


def rare_classes(survey: Survey) -> Iterator[Finding]:
    """Classes with fewer photos than anything can be learned from."""
    counts = {name: len(photos) for name, photos in photos_by_class(survey).items()}
    if not any(counts.values()):
        return
    none = tuple(name for name, count in counts.items() if count == 0)
    few = tuple(f"{name}: {count}" for name, count in counts.items() if 0 < count < _FEW)
    if none:
        yield Finding("warning", "classes without a training photo", none, "add photos, or remove the class")
    if few:
        yield Finding("warning", f"classes with fewer than {_FEW} training photos", few, "add photos")


def alike_names(survey: Survey) -> Iterator[Finding]:
    """Tags that differ in case, spaces, dashes and underscores only."""
    spellings: dict[str, list[str]] = {}
    for name in survey.class_names:
        plain = "".join(letter for letter in name.casefold() if letter not in " -_")
        spellings.setdefault(plain, []).append(name)
    alike = tuple(" / ".join(map(repr, names)) for names in spellings.values() if len(names) > 1)
    if alike:
        yield Finding("warning", "classes with almost the same name", alike, "if they are the same, write them alike")


def inseparable(survey: Survey) -> Iterator[Finding]:
    """Classes that are in exactly the same photos."""
    groups: dict[frozenset[str], list[str]] = {}
    for name, photos in photos_by_class(survey).items():
        if photos:
            groups.setdefault(frozenset(photos), []).append(name)
    together = tuple(", ".join(names) for names in groups.values() if len(names) > 1)
    if together:
        advice = "tags cannot tell them apart: add photos of each without the others, or make them one class"
        yield Finding("warning", "classes that always occur together", together, advice)


def everywhere(survey: Survey) -> Iterator[Finding]:
    """Classes that are in every photo."""
    photos = len(training_photos(survey))
    found = tuple(name for name, shown in photos_by_class(survey).items() if photos and len(shown) == photos)
    if found:
        advice = "tags cannot tell them from the background: add photos without them"
        yield Finding("warning", "classes that are in every training photo", found, advice)


def in_most(survey: Survey) -> Iterator[Finding]:
    """Classes that are in most photos, but not in all."""
    photos = len(training_photos(survey))
    shown = {name: len(photos) for name, photos in photos_by_class(survey).items()}
    found = tuple(f"{name}: {count} of {photos}" for name, count in shown.items() if _MOST * photos < count < photos)
    if found:
        advice = "their masks may cover what often comes with them: add photos of the same surroundings without them"
        yield Finding("warning", "classes that are in most training photos", found, advice)


def companions(survey: Survey) -> Iterator[Finding]:
    """Classes that never, or hardly ever, occur without a certain other, which occurs without them."""
    photos = {name: shown for name, shown in photos_by_class(survey).items() if shown}
    total = len(training_photos(survey))
    found = []
    for name, other in permutations(photos, 2):
        without = len(photos[name] - photos[other])
        if photos[name] != photos[other] and without <= _HARDLY * len(photos[name]) and len(photos[other]) < total:
            rarely = f"in {without} only" if without else "never"
            found.append(f"{name} ({counted(len(photos[name]), 'photo')}) {rarely} without {other}")
    if found:
        advice = "its mask may spread over the other's: add photos of it alone"
        yield Finding("note", "classes that are hardly ever without another", tuple(found), advice)


def pairs_together(survey: Survey) -> Counter[tuple[str, str]]:
    """How many training photos show each pair of classes; pairs in the classes' order."""
    order = {name: index for index, name in enumerate(survey.class_names)}
    counts: Counter[tuple[str, str]] = Counter()
    for photo in training_photos(survey):
        counts.update(combinations(sorted(survey.tags.get(photo, ()), key=order.__getitem__), 2))
    return counts
