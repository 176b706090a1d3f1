"""Writing doctor's page."""

from collections.abc import Sequence
from pathlib import Path

from wsfcn_tf.data.doctor import Finding, Survey, as_json
from wsfcn_tf.data.doctor.findings import LEVELS
from wsfcn_tf.files import write_text
from wsfcn_tf.visualisation.doctor_page.places import Place, Thumbnails, places
from wsfcn_tf.visualisation.pages.templates import Pages

_STYLES = ("base.css", "counts.css", "findings.css")


def write_page(path: str | Path, survey: Survey, findings: Sequence[Finding]) -> None:
    """Writes what doctor found as one HTML page, all or nothing. The same arguments give the same bytes.

    Args:
        path: the file.
        survey: the folder, whose photos are read again for their thumbnails.
        findings: what `examine` found.
    """
    write_text(path, page(survey, findings))


def page(survey: Survey, findings: Sequence[Finding]) -> str:
    """The page as text; arguments as of `write_page`."""
    thumbnails = Thumbnails(survey.path_of)
    levels: dict[str, list[tuple[Finding, list[Place]]]] = {level: [] for level in LEVELS}
    for finding in findings:
        levels[finding.level].append((finding, places(finding, thumbnails)))
    return Pages(__package__).render(
        "doctor.html",
        styles=_STYLES,
        kind="doctor's report",
        title=str(survey.root),
        levels=levels,
        photo_count=len(survey.photos),
        mask_count=len(survey.masks),
        facts=as_json(survey, findings),
    )
