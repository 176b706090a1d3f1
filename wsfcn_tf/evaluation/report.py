"""Metrics as text: Markdown tables that also read well in a terminal."""

import math
from collections.abc import Iterable

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.text_tables import markdown_table


def table(metrics: Metrics, *, parameters: int, trainable: int) -> str:
    """The IoU of every class, then mIoU, pixel accuracy, mAP and the network's parameters.

    Args:
        metrics: what to report.
        parameters: the network's, all of them.
        trainable: those that the optimiser updates.
    """
    classes = markdown_table(("class", "IoU %"), [(name, _percent(value)) for name, value in metrics.class_iou.items()])
    summary = markdown_table(
        ("summary", "value"),
        [
            ("mIoU %", _percent(metrics.miou)),
            ("pixel accuracy %", _percent(metrics.pixel_accuracy)),
            ("mAP %", _percent(metrics.map)),
            ("images", f"{metrics.images:,}"),
            ("parameters", f"{parameters:,}"),
            ("of these trainable", f"{trainable:,}"),
        ],
    )
    return f"{classes}\n\n{summary}"


def comparison_table(rows: Iterable[tuple[str, Metrics]]) -> str:
    """One line per method, (name, metrics): mIoU, pixel accuracy and mAP."""
    return markdown_table(
        ("method", "mIoU %", "pixel accuracy %", "mAP %"),
        [(name, _percent(m.miou), _percent(m.pixel_accuracy), _percent(m.map)) for name, m in rows],
    )


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.2f}"
