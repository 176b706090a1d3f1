"""Two results side by side: is the difference more than the choice of images?"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wsfcn_tf.errors import UserError, some
from wsfcn_tf.evaluation.metrics.bootstrap import RESAMPLES, interval, resampled_counts
from wsfcn_tf.evaluation.metrics.formulas import accuracy_of_counts, iou_of_counts, mean
from wsfcn_tf.evaluation.metrics.per_image import PerImage
from wsfcn_tf.evaluation.report import percent
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.files.reading import read_json


@dataclass(frozen=True, eq=False)
class Difference:
    """How much better B is than A in one figure.

    Attributes:
        first, second: the figure of A and of B, shares.
        low, high: the 95 % interval of B - A over resampled images, the same ones for both.
        share: of the resamples, those in which B is better.
    """

    first: float
    second: float
    low: float
    high: float
    share: float


class Result:
    """An evaluation's folder, as `evaluate` leaves it.

    Args:
        folder: with metrics.json and per_image.npz.

    Raises:
        UserError: one of them is missing or is something else.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.metrics = read_metrics(self.folder / "metrics.json")
        self.per_image = PerImage.load(self.folder / "per_image.npz")
        order = sorted(range(len(self.per_image.names)), key=self.per_image.names.__getitem__)
        self.names = [self.per_image.names[index] for index in order]
        self.class_counts = self.per_image.class_counts()[order]  # [N, 3, K], by the images' names


def read_metrics(path: Path) -> dict[str, Any]:
    """What is in a metrics.json. Raises UserError if there is none, or it is something else."""
    metrics = read_json(path)
    if not isinstance(metrics, dict) or not {"miou", "images", "class_iou"} <= metrics.keys():
        raise UserError(f"{path}: is not an evaluation's metrics.json: run evaluate again, which writes one")
    return metrics


def check_comparable(first: Result, second: Result) -> None:
    """Raises UserError unless both are of the same classes, images and true masks; the message names what differs."""
    both = f"{first.folder} and {second.folder} cannot be compared"
    if first.per_image.class_names != second.per_image.class_names:
        raise UserError(f"{both}: they have different classes")
    if first.names != second.names:
        lacking = [
            f"only {one.folder} has {some(sorted(set(one.names) - set(other.names)))}"
            for one, other in ((first, second), (second, first))
            if set(one.names) - set(other.names)
        ]
        raise UserError(f"{both}: {'; '.join(lacking) or 'one has an image twice'}: evaluate both on the same images")
    other_truth = (first.class_counts[:, 1] != second.class_counts[:, 1]).any(axis=1)
    if other_truth.any():
        names = [name for name, differs in zip(first.names, other_truth, strict=True) if differs]
        raise UserError(f"{both}: they were scored with other masks of {some(names)}: evaluate both on the same data")


def compare(first: Result, second: Result) -> dict[str, Difference]:
    """The paired bootstrap (`bootstrap.resampled_counts`): {"mIoU": ..., "pixel accuracy": ...}.

    Raises:
        UserError: as of `check_comparable`.
    """
    check_comparable(first, second)
    counts = [first.class_counts, second.class_counts]
    resampled = resampled_counts(counts)
    differences = {}
    for name, figure in (("mIoU", lambda each: mean(iou_of_counts(each))), ("pixel accuracy", accuracy_of_counts)):
        before, after = (float(figure(each.sum(axis=0))) for each in counts)
        gain = figure(resampled[1]) - figure(resampled[0])
        differences[name] = Difference(before, after, *interval(gain), float((gain > 0).mean()))
    return differences


def comparison_text(first: Result, second: Result) -> str:
    """Both results as tables: the figures with their intervals, then each class's IoU; differences in points."""
    differences = compare(first, second)
    rows = [
        (
            f"{name} %",
            percent(each.first),
            percent(each.second),
            _points(each.second - each.first),
            f"{_points(each.low)} to {_points(each.high)}",
            f"{100 * each.share:.1f} %",
        )
        for name, each in differences.items()
    ]
    before, after = (iou_of_counts(result.class_counts.sum(axis=0)) for result in (first, second))
    classes = [
        (name, percent(one), percent(other), _points(other - one))
        for name, one, other in zip(first.per_image.class_names, before, after, strict=True)
    ]
    split = json.dumps(first.metrics.get("split"))
    return "\n\n".join(
        [
            f"A: {first.folder}\nB: {second.folder}",
            f"{len(first.names):,} images of split {split}, {RESAMPLES:,} resamples of them, the same for both:",
            markdown_table(("figure", "A", "B", "B - A", "95 % interval of it", "B better in"), rows),
            markdown_table(("IoU %", "A", "B", "B - A"), classes),
        ]
    )


def _points(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:+.2f}"
