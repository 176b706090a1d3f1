"""Checks of the photos' files."""

from collections.abc import Iterator

from wsfcn_tf.data.doctor.findings import Finding, counted, each
from wsfcn_tf.data.doctor.survey import Survey

_TINY = 32


def unreadable(survey: Survey) -> Iterator[Finding]:
    """Photos that are missing, empty, cut short or no images."""
    found = {name: facts.problem for name, facts in survey.photos.items() if facts.problem}
    if found:
        yield Finding(
            "error",
            f"{counted(len(found), 'photo')} cannot be read",
            tuple(found.values()),
            "replace them, or remove them from the data",
        )


def tiny(survey: Survey) -> Iterator[Finding]:
    """Photos that are smaller than anything that can be seen in them."""
    sizes = {name: facts.size for name, facts in survey.photos.items() if facts.size and min(facts.size) < _TINY}
    if sizes:
        found = tuple(f"{name}: {width}x{height}" for name, (height, width) in sizes.items())
        advice = "leave them out, or take larger ones"
        yield Finding("warning", f"photos with a side under {_TINY} pixels", found, advice, photos=each(sizes))


def unnamed(survey: Survey) -> Iterator[Finding]:
    """Photos in the folder that nothing names."""
    if survey.unnamed:
        sources = "list" if survey.layout == "voc" else "tags"
        what = f"{counted(len(survey.unnamed), 'photo')} in the folder that no {sources} name"
        yield Finding("note", what, survey.unnamed, "they are not used: name them, with no tags if they show no class")
