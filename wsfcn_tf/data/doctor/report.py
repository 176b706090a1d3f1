"""A survey and its findings as text for people and as values for machines."""

from collections.abc import Iterable, Sequence
from statistics import mean, median
from typing import Any

from wsfcn_tf.data.doctor.findings import LEVELS, Finding, counted
from wsfcn_tf.data.doctor.survey import Survey, is_training
from wsfcn_tf.data.doctor.tag_checks import pairs_together
from wsfcn_tf.data.layouts.recognise import LAYOUTS
from wsfcn_tf.files.markdown import markdown_table

_SHOWN_PLACES = 5
_SHOWN_PAIRS = 10


def as_text(survey: Survey, findings: Sequence[Finding]) -> str:
    """The report: counts per class and split, sizes, classes that occur together, and what was found."""
    kinds = {"voc": "VOC's layout", "tagged": "tagged photos"} | {name: f"layout {name}" for name in LAYOUTS}
    photos, masks = counted(len(survey.photos), "photo"), counted(len(survey.masks), "mask")
    classes = f"{len(survey.class_names)} classes"
    parts = [
        "\n".join([f"{survey.root}: {kinds[survey.layout]}, {photos}, {masks}, {classes}", *survey.told]),
        _count_table(survey),
        "\n".join([_sizes(survey), *_known(survey)]),
        _pairs(survey),
        *map(_finding, findings),
        summary(findings),
    ]
    return "\n\n".join(part for part in parts if part)


def as_json(survey: Survey, findings: Sequence[Finding]) -> dict[str, Any]:
    """The same, complete, for `json.dumps`."""
    sizes = _size_facts(survey)
    return {
        "root": str(survey.root),
        "layout": survey.layout,
        "told": list(survey.told),
        "classes": list(survey.class_names),
        "photos": {split: len(names) for split, names in survey.splits.items()},
        "masks": {split: sum(name in survey.masks for name in names) for split, names in survey.splits.items()},
        "known": _known_facts(survey),
        "class_counts": _class_counts(survey),
        "counted_by": {split: _counted_by(survey, split) for split in survey.splits},
        "together": [[one, two, count] for (one, two), count in pairs_together(survey).most_common()],
        "sizes": {name: list(size) for name, size in sizes.items()},
        "findings": [
            {key: getattr(finding, key) for key in ("level", "what", "where", "advice", "paste")}
            for finding in findings
        ],
    }


def summary(findings: Iterable[Finding]) -> str:
    """One line: "1 error, 2 warnings, 0 notes"."""
    levels = [finding.level for finding in findings]
    counts = {level: levels.count(level) for level in LEVELS}
    return ", ".join(counted(count, level) for level, count in counts.items())


def _count_table(survey: Survey) -> str:
    counts = _class_counts(survey)
    header = ["class", *(f"{split} ({_counted_by(survey, split)})" for split in survey.splits)]
    rows = [
        [name or "none of them", *(f"{counts[split][name]:,}" if counts[split] else "-" for split in survey.splits)]
        for name in (*survey.class_names, "")
    ]
    return markdown_table(header, [*rows, ["photos", *(f"{len(names):,}" for names in survey.splits.values())]])


def _counted_by(survey: Survey, split: str) -> str:
    """What a split's classes are counted by: "tags" where all are known, else "masks"."""
    if all(name in survey.tags for name in survey.splits[split]):
        return "tags"
    return "masks" if any(name in survey.masks for name in survey.splits[split]) else "not known"


def _class_counts(survey: Survey) -> dict[str, dict[str, int]]:
    """For each split, how many photos show each class, and under "" how many none; empty where nothing is known."""
    by_masks = {name: facts.classes for name, facts in survey.masks.items() if not facts.problem}
    counts = {}
    for split, names in survey.splits.items():
        known = survey.tags if _counted_by(survey, split) == "tags" else by_masks
        shown = [known[name] for name in names if name in known]
        counts[split] = {name: sum(name in classes for classes in shown) for name in survey.class_names if shown}
        if shown:
            counts[split][""] = sum(not classes for classes in shown)
    return counts


def _known_facts(survey: Survey) -> dict[str, float]:
    """How many training photos have complete masks, partial ones, and tags only; the partial ones' share of pixels."""
    trained_on = {name for split, names in survey.splits.items() if is_training(split) for name in names}
    partial = [share for share in survey.known.values() if share < 1]
    return {
        "complete": len(survey.known) - len(partial),
        "partial": len(partial),
        "known_share": mean(partial) if partial else 0.0,
        "tags_only": len(trained_on) - len(survey.known),
    }


def _known(survey: Survey) -> list[str]:
    """A line of how much data.masks=train would find; none where that is nothing."""
    facts = _known_facts(survey)
    if not survey.known:
        return []
    parts = [f"{facts['complete']:,} complete", f"{facts['tags_only']:,} with tags only"]
    if facts["partial"]:
        parts.insert(1, f"{facts['partial']:,} partial ({100 * facts['known_share']:.1f} % of their pixels known)")
    return [f"masks of training photos, for data.masks=train: {', '.join(parts)}"]


def _size_facts(survey: Survey) -> dict[str, tuple[int, int]]:
    """Width and height of the smallest and the largest photo, and the median of each side."""
    sizes = sorted((facts.size for facts in survey.photos.values() if facts.size), key=lambda size: size[0] * size[1])
    if not sizes:
        return {}
    heights, widths = zip(*sizes, strict=True)
    return {
        "smallest": sizes[0][::-1],
        "median": (int(median(widths)), int(median(heights))),
        "largest": sizes[-1][::-1],
    }


def _sizes(survey: Survey) -> str:
    facts = (f"{name} {width}x{height}" for name, (width, height) in _size_facts(survey).items())
    turned = sum(photo.orientation != 1 for photo in survey.photos.values())
    sizes = ", ".join(facts) or "no photo could be read"
    return f"sizes: {sizes}" + (f"; EXIF turns {counted(turned, 'photo')} upright" if turned else "")


def _pairs(survey: Survey) -> str:
    counts = pairs_together(survey)
    if not counts:
        return ""
    rows = [(f"{one} + {two}", f"{count:,}") for (one, two), count in counts.most_common(_SHOWN_PAIRS)]
    return markdown_table(("most often together in training", "photos"), rows)


def _finding(finding: Finding) -> str:
    lines = [f"{finding.level}: {finding.what}: {finding.advice}"]
    lines += [f"  {place}" for place in finding.where[:_SHOWN_PLACES]]
    more = len(finding.where) - _SHOWN_PLACES
    lines += [f"  and {more:,} more"] * (more > 0)
    if finding.paste:
        lines += ["  to paste:", *(f"    {line}" for line in finding.paste[:_SHOWN_PLACES])]
        more = len(finding.paste) - _SHOWN_PLACES
        lines += [f"    and {counted(more, 'more line')}, which --json and --html give"] * (more > 0)
    return "\n".join(lines)
