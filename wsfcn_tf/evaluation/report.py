"""Metrics as text: Markdown tables that also read well in a terminal."""

import csv
import io
import math
from collections.abc import Iterable

from wsfcn_tf.evaluation.metrics.results import Metrics
from wsfcn_tf.files.markdown import markdown_table

_BY_CLASS = {
    "IoU": "class_iou",
    "precision": "class_precision",
    "recall": "class_recall",
    "boundary IoU": "class_boundary_iou",
}
_NOTHING = "-"


def table(metrics: Metrics, *, parameters: int | None, trainable: int | None) -> str:
    """Every class's figures, then those of all of them, and the network's parameters.

    Args:
        metrics: what to report.
        parameters: the network's, all of them; None if it is not known.
        trainable: those that the optimiser updates; None if it is not known.
    """
    classes = markdown_table(("class", *(f"{title} %" for title in _BY_CLASS)), _class_rows(metrics))
    low, high = map(percent, metrics.miou_interval)
    summary = [
        ("mIoU %", percent(metrics.miou)),
        ("95 % interval of mIoU", f"{low} to {high}"),
        ("mIoU without background %", percent(metrics.miou_foreground)),
        ("boundary IoU %", percent(metrics.boundary_iou)),
        ("mIoU near borders %", percent(metrics.trimap_miou)),
        ("pixel accuracy %", percent(metrics.pixel_accuracy)),
        ("pixel accuracy near borders %", percent(metrics.trimap_accuracy)),
        ("mean accuracy %", percent(metrics.mean_accuracy)),
        ("mAP %", percent(metrics.map)),
        ("images", f"{metrics.images:,}"),
    ]
    counts = {"parameters": parameters, "of these trainable": trainable}
    summary += [(title, f"{count:,}") for title, count in counts.items() if count is not None]
    return f"{classes}\n\n{markdown_table(('summary', 'value'), summary)}"


def class_csv(metrics: Metrics) -> str:
    """Every class's figures in per cent, as CSV; a field is empty where there is nothing to score."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("class", *(title.replace(" ", "_").lower() for title in _BY_CLASS)))
    writer.writerows([cell if cell != _NOTHING else "" for cell in row] for row in _class_rows(metrics))
    return text.getvalue()


def comparison_table(rows: Iterable[tuple[str, Metrics]]) -> str:
    """One line per method, (name, metrics): mIoU, pixel accuracy and mAP."""
    return markdown_table(
        ("method", "mIoU %", "pixel accuracy %", "mAP %"),
        [(name, percent(m.miou), percent(m.pixel_accuracy), percent(m.map)) for name, m in rows],
    )


def percent(share: float) -> str:
    """A share as text, in per cent; "-" for NaN."""
    return _NOTHING if math.isnan(share) else f"{100 * share:.2f}"


def _class_rows(metrics: Metrics) -> list[tuple[str, ...]]:
    columns = [getattr(metrics, attribute) for attribute in _BY_CLASS.values()]
    return [(name, *(percent(column[name]) for column in columns)) for name in metrics.class_names]
