"""Checks for one photo under several names: by its pixels, and by what it looks like."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from wsfcn_tf.data.doctor.findings import Finding, counted
from wsfcn_tf.data.doctor.mends import leave_out, one_row
from wsfcn_tf.data.doctor.survey import Survey

_LEAKS = "results on photos that were trained on look better than they are"


def in_two_splits(survey: Survey) -> Iterator[Finding]:
    """Photos that training sees and evaluation asks for."""
    for one, two in _separate_splits(survey):
        by_digest = {survey.photos[name].digest: name for name in survey.splits[one] if survey.photos[name].digest}
        pairs = ((by_digest.get(survey.photos[name].digest), name) for name in survey.splits[two])
        pairs = [(other, name) for other, name in pairs if other is not None]
        if pairs:
            found = tuple(name if name == other else f"{other} = {name}" for other, name in pairs)
            paste = leave_out(survey, two, {name for _, name in pairs})
            what = f"{counted(len(found), 'photo')} in both {one} and {two}"
            photos = tuple(tuple(dict.fromkeys(pair)) for pair in pairs)
            yield Finding("warning", what, found, f"remove them from one: {_LEAKS}", paste, photos)


def alike_in_two_splits(survey: Survey) -> Iterator[Finding]:
    """Photos that look like one of another split: saved again, resized, or taken a moment later."""
    for one, two in _separate_splits(survey):
        first, second = set(survey.splits[one]), set(survey.splits[two])
        pairs = []
        for group in survey.alike:
            seen = [name for name in group if name in first]
            for name in group:
                if name in second and name not in first and not _is_copied(survey, name, seen) and seen:
                    pairs.append((seen[0], name))
        if pairs:
            what = f"{counted(len(pairs), 'photo')} of {two} that look{'s' * (len(pairs) == 1)} like one of {one}"
            found = tuple(f"{other} ~ {name}" for other, name in pairs)
            paste = leave_out(survey, two, {name for _, name in pairs})
            yield Finding(
                "warning", what, found, f"look at them, and remove them from one: {_LEAKS}", paste, tuple(pairs)
            )


def copies(survey: Survey) -> Iterator[Finding]:
    """The same photo under several names, and whether its tags agree."""
    groups = _copies(survey)
    different = [names for names in groups if _differ(survey, names)]
    if different:
        what, advice = "copies of a photo with different tags", "keep one, with all its tags"
        yield Finding("warning", what, _lines(different), advice, one_row(survey, different), _photos(different))
    same = [names for names in groups if names not in different]
    if same:
        yield Finding("note", "photos with the same pixels", _lines(same), "keep one of them", (), _photos(same))


def alike_with_other_tags(survey: Survey) -> Iterator[Finding]:
    """Photos that look alike, but not to the pixel, and have different tags."""
    groups = [[name for name in group if name in survey.tags] for group in survey.alike]
    copied = [set(names) for names in _copies(survey)]
    found = [names for names in groups if _differ(survey, names) and not any(set(names) <= one for one in copied)]
    if found:
        what = "photos that look alike with different tags"
        advice = "look at them: if they show the same, give them the same tags, or keep one"
        lines = tuple(" ~ ".join(names) for names in found)
        yield Finding("warning", what, lines, advice, one_row(survey, found), _photos(found))


def _separate_splits(survey: Survey) -> Iterator[tuple[str, str]]:
    """Pairs of splits. Those like train and trainval are meant to overlap."""
    return ((one, two) for one, two in combinations(survey.splits, 2) if one not in two and two not in one)


def _copies(survey: Survey) -> list[list[str]]:
    names_by_digest: dict[str, list[str]] = {}
    for name, facts in survey.photos.items():
        if facts.digest:
            names_by_digest.setdefault(facts.digest, []).append(name)
    return [names for names in names_by_digest.values() if len(names) > 1]


def _is_copied(survey: Survey, name: str, others: Sequence[str]) -> bool:
    """Whether one of the others has the same pixels, which is another finding."""
    return any(survey.photos[other].digest == survey.photos[name].digest for other in others)


def _differ(survey: Survey, names: Sequence[str]) -> bool:
    return len({survey.tags[name] for name in names if name in survey.tags}) > 1


def _lines(groups: list[list[str]]) -> tuple[str, ...]:
    return tuple(" = ".join(names) for names in groups)


def _photos(groups: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, groups))
