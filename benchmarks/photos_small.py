"""The result table on real photos: four networks, two seeds each, on one schedule (configs/photos_small_table.yaml).

Run `python -m benchmarks.photos_small --data ../shared/data/msrc`. It can be interrupted at any time: the same command
goes on where it was, and what is finished is a line of benchmarks/photos_small.jsonl. `--table` prints the lines there
are as a table and trains nothing.
"""

import argparse
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks.finished_runs import measure, spread
from benchmarks.json_lines import append, lines

_CONFIG = "configs/photos_small_table.yaml"
_RESULTS = Path(__file__).with_suffix(".jsonl")
_METHODS = {
    "SSSS baseline": ("aspp", "gci"),
    "+ FCA": ("fca", "gci"),
    "+ SF2": ("aspp", "sf2"),
    "+ FCA + SF2 (WS-FCN)": ("fca", "sf2"),
}
_SEEDS = (0, 1)
_VIEWS = {"single": [], "multi": ["inference.scales=[1,0.5,1.5,2]", "inference.flip=true"]}
_METRICS = {"mIoU": "miou", "pixel accuracy": "pixel_accuracy", "mAP": "map"}


def main() -> None:
    """Runs what is missing, then prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", help="a VOC-layout folder with tags.csv, train and val")
    parser.add_argument("--runs", default="runs/photos_small_table", help="folder of the runs")
    parser.add_argument("--table", action="store_true", help="only print the results there are")
    arguments = parser.parse_args()
    if not arguments.table:
        if not arguments.data:
            parser.error("--data is needed")
        done = {(line["method"], line["seed"]) for line in lines(_RESULTS)}
        for seed in _SEEDS:
            for method in _METHODS:
                if (method, seed) not in done:
                    append(_RESULTS, _measure(method, seed, arguments.data, Path(arguments.runs)))
    print(table(lines(_RESULTS)))
    print(f"\n{pseudo_label_table(lines(_RESULTS))}")


def _measure(method: str, seed: int, data: str, runs: Path) -> dict[str, Any]:
    context, fusion = _METHODS[method]
    settings = [f"data.root={data}", f"model.context={context}", f"model.fusion={fusion}", f"training.seed={seed}"]
    run = measure(_CONFIG, settings, _VIEWS, runs / f"{context}-{fusion}-{seed}")
    return {"method": method, "seed": seed} | run


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Mean and, behind "±", half the distance between the best and the worst seed, in per cent."""
    columns = [(views, metric) for views in _VIEWS for metric in _METRICS]
    rows = [["method", "seeds", *(f"{metric}, {views}" for views, metric in columns)]]
    for method in _METHODS:
        of_method = [line for line in runs if line["method"] == method]
        if of_method:
            cells = (spread([100 * line[views][_METRICS[metric]] for line in of_method]) for views, metric in columns)
            rows.append([method, str(len(of_method)), *cells])
    rows.insert(1, ["---"] + ["---:"] * (len(rows[0]) - 1))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def pseudo_label_table(runs: Sequence[dict[str, Any]]) -> str:
    """For each epoch with a mask loss: share of labelled pixels / of images that keep that loss, mean of the seeds."""
    methods = [method for method in _METHODS if any(line["method"] == method for line in runs)]
    epochs = sorted({int(row["epoch"]) for line in runs for row in line["history"] if float(row["labelled"]) > 0})
    rows = [["epoch", *methods], ["---:"] * (1 + len(methods))]
    for epoch in epochs:
        cells = []
        for method in methods:
            of_epoch = [line["history"][epoch - 1] for line in runs if line["method"] == method]
            means = (statistics.mean(float(row[name]) for row in of_epoch) for name in ("labelled", "kept"))
            cells.append(" / ".join(f"{mean:.2f}" for mean in means))
        rows.append([str(epoch), *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
