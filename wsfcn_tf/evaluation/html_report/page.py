"""Writing the report's page."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.evaluation.html_report.class_table import class_rows
from wsfcn_tf.evaluation.html_report.collector import ExampleCollector
from wsfcn_tf.evaluation.html_report.confusion_table import largest_confusions
from wsfcn_tf.evaluation.html_report.gallery import first_stage, galleries, in_words, stages_of
from wsfcn_tf.evaluation.html_report.numbers import colour, fixed, percent
from wsfcn_tf.files import write_text

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
    script, shown = "\n".join(map(_asset, _SCRIPTS)), galleries(examples)
    return (
        _templates()
        .get_template("page.html")
        .render(
            title=title,
            digest=_base64(hashlib.sha256(script.encode()).digest()),
            style=Markup("\n".join(map(_asset, _STYLES))),
            script=Markup(script),
            metrics=metrics,
            settings=settings,
            labels=list(metrics.class_iou),
            class_rows=class_rows(metrics),
            confusions=largest_confusions(metrics.confusion, _CONFUSIONS),
            galleries=shown,
            stages=stages_of(shown),
        )
    )


def _templates() -> Environment:
    """Whatever they are given is text and escaped, `Markup` alone is not."""
    templates = Environment(autoescape=True, undefined=StrictUndefined, loader=FunctionLoader(_joined))
    filters = (percent, fixed, colour, first_stage, in_words)
    templates.filters.update({function.__name__: function for function in filters}, base64=_base64)
    return templates


def _joined(name: str) -> str:
    """A template's lines, without the spaces on the page that their ends would be between inline elements."""
    return "".join(line.strip() for line in _asset(name).splitlines())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")
