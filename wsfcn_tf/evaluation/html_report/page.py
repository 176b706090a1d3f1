"""Writing the report's page."""

from collections.abc import Mapping
from pathlib import Path

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.evaluation.html_report.class_table import class_rows
from wsfcn_tf.evaluation.html_report.collector import ExampleCollector
from wsfcn_tf.evaluation.html_report.confusion_table import largest_confusions
from wsfcn_tf.evaluation.html_report.gallery import first_stage, galleries, in_words, stages_of
from wsfcn_tf.evaluation.html_report.numbers import colour, fixed, percent
from wsfcn_tf.files import write_text
from wsfcn_tf.visualisation.pages.templates import Pages

_STYLES = ("base.css", "tables.css", "images.css", "print.css")
_SCRIPTS = ("images.js", "classes.js", "confusion.js")
_CONFUSIONS = 10


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
    shown = galleries(examples)
    return Pages(__package__, (percent, fixed, colour, first_stage, in_words)).render(
        "page.html",
        styles=_STYLES,
        scripts=_SCRIPTS,
        kind="Evaluation report",
        title=title,
        metrics=metrics,
        settings=settings,
        labels=list(metrics.class_iou),
        class_rows=class_rows(metrics),
        confusions=largest_confusions(metrics.confusion, _CONFUSIONS),
        galleries=shown,
        stages=stages_of(shown),
    )
