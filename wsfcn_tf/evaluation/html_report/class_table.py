"""The page's table of classes: IoU as a bar and a number, precision, recall and how common each class is."""

import math

import numpy as np

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.evaluation.html_report.markup import Markup, element
from wsfcn_tf.evaluation.html_report.numbers import percent, swatch

_COLUMNS = ("Class", "IoU %", "Precision %", "Recall %", "Pixels %")


def class_section(metrics: Metrics) -> Markup:
    """All classes, best IoU first, those that are nowhere last; headings sort."""
    rows = class_rows(metrics)
    head = element("tr", *(_heading(title, title == "IoU %") for title in _COLUMNS))
    mark = 0.0 if math.isnan(metrics.miou) else metrics.miou
    table = element(
        "table",
        element("thead", head),
        element("tbody", *(_row(*row) for row in rows)),
        class_="classes",
        style=f"--mean:{mark:.4f}",
    )
    note = (
        "The line across the bars is the mIoU. Pixels: the class's share of all true pixels. "
        "A dash: there is nothing to measure, for the class is not there or was not predicted."
    )
    return element(
        "section", element("h2", "Classes"), element("div", table, class_="box"), element("p", note), id="classes"
    )


def class_rows(metrics: Metrics) -> list[tuple[int, str, tuple[float, float, float, float]]]:
    """Label, name, and IoU, precision, recall and share of the true pixels of each class; NaN where undefined."""
    confusion = metrics.confusion.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.diag(confusion) / confusion.sum(axis=0)
        recall = np.diag(confusion) / confusion.sum(axis=1)
        pixels = confusion.sum(axis=1) / confusion.sum()
    columns = zip(metrics.class_iou.values(), precision.tolist(), recall.tolist(), pixels.tolist(), strict=True)
    rows = [(label, name, values) for label, (name, values) in enumerate(zip(metrics.class_iou, columns, strict=True))]
    return sorted(rows, key=lambda row: math.inf if math.isnan(row[2][0]) else -row[2][0])


def _heading(title: str, sorted_by: bool) -> Markup:
    button = element("button", title, type="button")
    return element("th", button, scope="col", aria_sort="descending" if sorted_by else "none")


def _row(label: int, name: str, values: tuple[float, float, float, float]) -> Markup:
    iou, *others = values
    bar = element("span", class_="bar", style=f"--share:{0 if math.isnan(iou) else iou:.4f}", aria_hidden="true")
    return element(
        "tr",
        element("th", swatch(label), element("span", name), scope="row", data_value=label),
        element("td", bar, element("span", percent(iou)), class_="iou", data_value=_sortable(iou)),
        *(element("td", percent(value), data_value=_sortable(value)) for value in others),
    )


def _sortable(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6f}"
