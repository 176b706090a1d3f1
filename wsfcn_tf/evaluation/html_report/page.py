"""Writing the report's page."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.evaluation.html_report.class_table import class_section
from wsfcn_tf.evaluation.html_report.collector import ExampleCollector
from wsfcn_tf.evaluation.html_report.confusion_table import confusion_section
from wsfcn_tf.evaluation.html_report.gallery import gallery_section, stage_switch
from wsfcn_tf.evaluation.html_report.markup import Markup, join
from wsfcn_tf.evaluation.html_report.summary import summary_section
from wsfcn_tf.files import write_text

_STYLES = ("base.css", "tables.css", "images.css", "print.css")
_SCRIPTS = ("images.js", "classes.js", "confusion.js")


def write_report(
    path: str | Path, metrics: Metrics, examples: ExampleCollector, *, title: str, settings: Mapping[str, str]
) -> None:
    """Writes an evaluation as one HTML page, all or nothing. The same arguments give the same bytes.

    Args:
        path: the file.
        metrics: what `evaluate` returned.
        examples: the images, collected during that evaluation.
        title: what was evaluated on what.
        settings: what else a reader needs to know to repeat it, in the order to show it: weights, views, rules, date,
            versions, ...
    """
    write_text(path, page(metrics, examples, title=title, settings=settings))


def page(metrics: Metrics, examples: ExampleCollector, *, title: str, settings: Mapping[str, str]) -> str:
    """The page as text; arguments as of `write_report`."""
    script = "\n".join(map(_asset, _SCRIPTS))
    # The page's policy lets this script run and no other, and nothing be loaded: whatever a name may contain.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return Template(_asset("page.html")).substitute(
        title=escape(title),
        digest=digest,
        style="\n".join(map(_asset, _STYLES)),
        script=script,
        sections=join([summary_section(metrics, settings), class_section(metrics), confusion_section(metrics)]),
        galleries=_galleries(examples, list(metrics.class_iou)),
    )


def _galleries(examples: ExampleCollector, labels: list[str]) -> Markup:
    best, worst, confused = examples.best, examples.worst, examples.confused
    confused_note = (
        "Those of which the largest share is of one foreground class and labelled as another: the pair is named below "
        "each."
    )
    return join(
        [
            stage_switch([*best, *worst, *confused]),
            gallery_section("worst", "Worst images", "Those of lowest mIoU.", worst, labels),
            gallery_section("confused", "Most confused images", confused_note, confused, labels),
            gallery_section("best", "Best images", "Those of highest mIoU.", best, labels),
        ]
    )


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")
