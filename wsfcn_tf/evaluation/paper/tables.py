"""The paper's Tables I to V with its figures beside ours, and everything else that was found."""

from collections.abc import Mapping, Sequence

from wsfcn_tf.evaluation.paper.commands import commands
from wsfcn_tf.evaluation.paper.found_results import FoundResult
from wsfcn_tf.evaluation.paper.rows import PaperRow, Setup, paper_rows
from wsfcn_tf.evaluation.report import percent
from wsfcn_tf.files.markdown import markdown_table

_TITLES = {
    "I": "Table I: what each module adds (VOC 2012 val, one scale and its mirror image)",
    "II": "Table II: other modules in their place (VOC 2012 val, one scale and its mirror image)",
    "III": "Table III: views at inference (WS-FCN, VOC 2012 val)",
    "IV": "Table IV: VOC 2012, beside other methods",
    "V": "Table V: COCO 2014 val, beside other methods",
}
_NAMING = {
    "I": ("method",),
    "II": ("method",),
    "III": ("setting",),
    "IV": ("method", "backbone", "supervision", "setting", "split"),
    "V": ("method", "backbone", "supervision", "setting"),
}
_FIGURES = {"mIoU %": "miou", "accuracy %": "pixacc", "M params": "params_m"}  # {title: field of PaperRow}
_NOTES = {
    "*": "* Thresholds of inference were chosen by looking at masks.",
    "?": "? Thresholds of inference are not the release's, and it is not said how they were chosen.",
}
_TO_FILL = (
    "What would fill the blank rows (VOC's test masks are not public: its server scores what predict writes, and its\n"
    "figures are not collected):"
)


def tables_text(results: Sequence[FoundResult], folder: str) -> str:
    """All tables. A result stands in a row only if all of its setup is the row's; what was not run stays blank.

    Args:
        results: what was found.
        folder: where, for the commands that would fill blank rows.
    """
    rows = paper_rows()
    setups = {row.setup: [] for row in rows if row.setup is not None}
    others = []
    for result in results:
        setups.get(result.setup, others).append(result)
    parts = [_table(name, [row for row in rows if row.table == name], setups) for name in _TITLES]
    if others:
        parts.append(f"Other results in {folder}, which are no row of the paper's tables:\n\n{_others(others)}")
    marks = {result.mark for result in results}
    parts += [note for mark, note in _NOTES.items() if mark in marks]
    blank = [row for row in rows if setups.get(row.setup) == []]
    if blank:
        parts.append(f"{_TO_FILL}\n\n{commands(blank, folder)}")
    return "\n\n".join(parts)


def _table(name: str, rows: Sequence[PaperRow], setups: Mapping[Setup, Sequence[FoundResult]]) -> str:
    shown = {title: key for title, key in _FIGURES.items() if any(getattr(row, key) for row in rows)}
    header = [*_NAMING[name], *(cell for title in shown for cell in (f"{title}, paper", "ours")), "result"]
    lines = []
    for row in rows:
        for index, result in enumerate(setups.get(row.setup) or [None]):
            first = index == 0  # further results of a row stand below it
            cells = [getattr(row, key) if first else "" for key in _NAMING[name]]
            for key in shown.values():
                cells += [getattr(row, key) if first else "", _ours(result, key)]
            lines.append([*cells, _named(result)])
    return f"{_TITLES[name]}\n\n{markdown_table(header, lines)}"


def _ours(result: FoundResult | None, key: str) -> str:
    """A figure of a result as the tables show it."""
    if result is None:
        return ""
    if key == "params_m":
        return f"{result.metrics['trainable'] / 1e6:.2f}"
    return _share(result, {"miou": "miou", "pixacc": "pixel_accuracy"}[key])


def _others(results: Sequence[FoundResult]) -> str:
    header = ("result", "data", "split", "images", "network", "setting", "mIoU %", "accuracy %", "mAP %")
    return markdown_table(
        header,
        [
            (
                _named(result),
                result.dataset,
                result.metrics.get("split", ""),
                f"{result.metrics['images']:,}",
                result.network,
                result.setting,
                *(_share(result, key) for key in ("miou", "pixel_accuracy", "map")),
            )
            for result in results
        ],
    )


def _share(result: FoundResult, key: str) -> str:
    value = result.metrics.get(key)
    return "-" if value is None else percent(value)


def _named(result: FoundResult | None) -> str:
    return "" if result is None else f"{result.name} {result.mark}".rstrip()
