"""The page's first section: the figures that an evaluation is quoted by, and the settings they belong to."""

from collections.abc import Mapping

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.evaluation.html_report.markup import Markup, element
from wsfcn_tf.evaluation.html_report.numbers import percent


def summary_section(metrics: Metrics, settings: Mapping[str, str]) -> Markup:
    """The headline figures, then the settings, one line each."""
    figures = [
        element("div", element("dt", name), element("dd", value, element("small", unit)))
        for name, value, unit in _figures(metrics)
    ]
    rows = [element("div", element("dt", name), element("dd", value)) for name, value in settings.items()]
    return element(
        "section",
        element("h2", "Summary"),
        element("dl", *figures, class_="figures"),
        element("h3", "Settings"),
        element("dl", *rows, class_="settings"),
        id="summary",
    )


def _figures(metrics: Metrics) -> list[tuple[str, str, str]]:
    """Name, number and unit of each headline figure."""
    return [
        ("mIoU", percent(metrics.miou, 2), " %"),
        ("pixel accuracy", percent(metrics.pixel_accuracy, 2), " %"),
        ("mAP of the tags", percent(metrics.map, 2), " %"),
        ("images", f"{metrics.images:,}", ""),
    ]
