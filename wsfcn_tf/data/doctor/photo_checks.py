"""Checks of the photos: of their files, and for copies, which are those with the same pixels."""

from collections.abc import Iterator
from itertools import combinations

from wsfcn_tf.data.doctor.findings import Finding, counted
from wsfcn_tf.data.doctor.survey import Survey

_TINY = 32


def unreadable(survey: Survey) -> Iterator[Finding]:
    """Photos that are missing, empty, cut short or no images."""
    found = tuple(facts.problem for facts in survey.photos.values() if facts.problem)
    if found:
        yield Finding(
            "error",
            f"{counted(len(found), 'photo')} cannot be read",
            found,
            "replace them, or remove them from the data",
        )


def tiny(survey: Survey) -> Iterator[Finding]:
    """Photos that are smaller than anything that can be seen in them."""
    sizes = {name: facts.size for name, facts in survey.photos.items() if facts.size and min(facts.size) < _TINY}
    if sizes:
        found = tuple(f"{name}: {width}x{height}" for name, (height, width) in sizes.items())
        yield Finding(
            "warning", f"photos with a side under {_TINY} pixels", found, "leave them out, or take larger ones"
        )


def unnamed(survey: Survey) -> Iterator[Finding]:
    """Photos in the folder that nothing names."""
    if survey.unnamed:
        sources = "list" if survey.layout == "voc" else "tags"
        what = f"{counted(len(survey.unnamed), 'photo')} in the folder that no {sources} name"
        yield Finding("note", what, survey.unnamed, "they are not used: name them, with no tags if they show no class")


def in_two_splits(survey: Survey) -> Iterator[Finding]:
    """Photos that training sees and evaluation asks for. Splits like train and trainval are meant to overlap."""
    for one, two in combinations(survey.splits, 2):
        if one in two or two in one:
            continue
        by_digest = {survey.photos[name].digest: name for name in survey.splits[one] if survey.photos[name].digest}
        pairs = ((by_digest.get(survey.photos[name].digest), name) for name in survey.splits[two])
        found = tuple(name if name == other else f"{other} = {name}" for other, name in pairs if other is not None)
        if found:
            advice = "remove them from one: results on photos that were trained on look better than they are"
            yield Finding("warning", f"{counted(len(found), 'photo')} in both {one} and {two}", found, advice)


def copies(survey: Survey) -> Iterator[Finding]:
    """The same photo under several names, and whether its tags agree."""
    names_by_digest: dict[str, list[str]] = {}
    for name, facts in survey.photos.items():
        if facts.digest:
            names_by_digest.setdefault(facts.digest, []).append(name)
    groups = [names for names in names_by_digest.values() if len(names) > 1]
    different = [names for names in groups if len({survey.tags[name] for name in names if name in survey.tags}) > 1]
    if different:
        advice = "keep one, with all its tags"
        yield Finding("warning", "copies of a photo with different tags", _lines(different), advice)
    alike = [names for names in groups if names not in different]
    if alike:
        yield Finding("note", "photos with the same pixels", _lines(alike), "keep one of them")


def _lines(groups: list[list[str]]) -> tuple[str, ...]:
    return tuple(" = ".join(names) for names in groups)
