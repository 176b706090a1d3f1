"""The page's confusion matrix in shares of each true class's pixels, and the foreground's largest confusions."""

import math

import numpy as np

from wsfcn_tf.evaluation.evaluator import Metrics
from wsfcn_tf.evaluation.html_report.markup import Markup, element
from wsfcn_tf.evaluation.html_report.numbers import percent, swatch

_LISTED = 10
_DARK = 0.75  # a cell of a stronger shade than this has its text in the page's colour
_SHOWN = 0.005  # a smaller share rounds to 0 per cent


def confusion_section(metrics: Metrics) -> Markup:
    """The matrix in a box of its own that scrolls, a line that says what a cell holds, and the largest confusions."""
    names = list(metrics.class_iou)
    corner = element("td", "true ↓\npredicted →")
    head = element("tr", corner, *(element("th", element("span", name), scope="col") for name in names))
    rows = (_row(label, names[label], counts) for label, counts in enumerate(metrics.confusion))
    caption = element("caption", "Confusion matrix, in per cent of each row's true pixels", class_="unseen")
    table = element("table", caption, element("thead", head), element("tbody", *rows), class_="matrix")
    box = element("div", table, class_="box matrix-box", tabindex="0", role="region", aria_label="Confusion matrix")
    # It stands below, so that a longer line does not move the matrix from under the pointer.
    output = element("output", "Point at a cell, or tap it, for the count.", id="cell")
    return element(
        "section",
        element("h2", "Confusion matrix"),
        element(
            "p",
            "Where each class's true pixels went, in per cent of the row. The shade grows with the square root of "
            "the share, so that small ones can be seen.",
        ),
        element("div", box, output),
        *_largest(metrics.confusion, names),
        id="confusion",
    )


def largest_confusions(confusion: np.ndarray, count: int) -> list[tuple[int, int]]:
    """(truth, prediction) of the most pixels between two foreground classes, largest first; no pair without any."""
    wrong = np.where(np.eye(len(confusion), dtype=bool), 0, confusion)
    wrong[0], wrong[:, 0] = 0, 0
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    return [divmod(int(index), len(confusion)) for index in order if wrong.flat[index] > 0]


def _row(label: int, name: str, counts: np.ndarray) -> Markup:
    total = int(counts.sum())
    cells = (_cell(column == label, int(count), total) for column, count in enumerate(counts))
    return element("tr", element("th", element("span", name), scope="row"), *cells, data_total=total)


def _cell(on_diagonal: bool, count: int, total: int) -> Markup:
    """One that holds no pixel carries nothing, for there may be thousands of these."""
    if count == 0:
        return element("td")
    share = count / total
    shade = math.sqrt(share)
    classes = " ".join(name for name, holds in (("right", on_diagonal), ("dark", shade > _DARK)) if holds)
    text = f"{100 * share:.0f}" if share >= _SHOWN else ""
    return element("td", text, class_=classes or None, style=f"--shade:{shade:.2f}", data_count=count)


def _largest(confusion: np.ndarray, names: list[str]) -> list[Markup]:
    pairs = largest_confusions(confusion, _LISTED)
    if not pairs:
        return []
    items = []
    for truth, prediction in pairs:
        count, total = int(confusion[truth, prediction]), int(confusion[truth].sum())
        what = (swatch(truth), names[truth], " taken for ", swatch(prediction), names[prediction])
        pixels = "1 pixel" if count == 1 else f"{count:,} pixels"
        amount = element("small", f"{percent(count / total)} % of {names[truth]}, {pixels}")
        items.append(element("li", element("span", *what), " ", amount))
    return [element("h3", "Largest confusions between objects"), element("ol", *items, class_="largest")]
