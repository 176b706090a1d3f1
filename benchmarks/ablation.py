"""What each key of self-supervision does to masks from tags: on several data sets and seeds, on one schedule each.

    python -m benchmarks.ablation --data msrc=../shared/data/msrc --data fashion=../shared/data/fashion

It can be interrupted at any time: the same command goes on where it was, and what is finished is a line of
benchmarks/ablation.jsonl. `--lever` runs only those named, `--seeds` others than 0. Without `--data` it prints the
table.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks.finished_runs import measure, spread
from benchmarks.json_lines import append, lines
from wsfcn_tf.files.markdown import markdown_table

_CONFIG = "configs/photos_small.yaml"
_RESULTS = Path(__file__).with_suffix(".jsonl")
_BASE = ["model.low_stride=8"]
_SCHEDULES = {
    "msrc": ["training.epochs=28", "training.cooldown_epochs=11"],
    "fashion": ["training.epochs=20", "training.cooldown_epochs=8"],
}
_FIT = ["self_supervision.colour_fit=0.0003", "self_supervision.pamr_dilations=[1,2]"]
_SALIENCY = "self_supervision.saliency=10"
_LEVERS = {
    "the release's pseudo labels": [],
    "short PAMR": ["self_supervision.pamr_dilations=[1,2]"],
    "colour fit, short PAMR": _FIT,
    "the same, class balance 0.5": [*_FIT, "self_supervision.class_balance=0.5"],
    "the same, class balance 0, saliency": [*_FIT, "self_supervision.class_balance=0", _SALIENCY],
    "the same, class balance 0.5, saliency, wider crops": [
        *(*_FIT, "self_supervision.class_balance=0.5", _SALIENCY),
        *("data.crop_area=[0.4,1]", "data.crop_ratio=[0.6,1.67]"),
    ],
}
_RULES = {
    "own": ["inference.background=none", "inference.crf.iterations=0"],
    "own-crf": ["inference.background=none"],
    "own-saliency": ["inference.background=none", "inference.crf.iterations=0", "inference.saliency=10"],
}


def main() -> None:
    """Runs what is missing, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", default=[], metavar="NAME=FOLDER", help=", ".join(_SCHEDULES))
    parser.add_argument("--lever", action="append", choices=_LEVERS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--runs", default="runs/ablation", help="folder of the runs")
    arguments = parser.parse_args()
    done = {(line["lever"], line["data"], line["seed"]) for line in lines(_RESULTS)}
    for seed in arguments.seeds:
        for lever in arguments.lever or _LEVERS:
            for name, _, root in (entry.partition("=") for entry in arguments.data):
                if (lever, name, seed) not in done:
                    append(_RESULTS, _measure(lever, name, root, seed, Path(arguments.runs)))
    print(table(lines(_RESULTS)))


def _measure(lever: str, name: str, root: str, seed: int, runs: Path) -> dict[str, Any]:
    settings = [f"data.root={root}", *_BASE, *_SCHEDULES[name], *_LEVERS[lever], f"training.seed={seed}"]
    folder = runs / f"{name}-{list(_LEVERS).index(lever)}-{seed}"
    return {"lever": lever, "data": name, "seed": seed} | measure(_CONFIG, settings, _RULES, folder)


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Mean of the seeds and half their spread, in per cent."""
    rows = []
    for name in _SCHEDULES:
        for lever in _LEVERS:
            of_lever = [line for line in runs if (line["lever"], line["data"]) == (lever, name)]
            if of_lever:
                mious = (_miou(of_lever, rule) for rule in _RULES)
                scores = spread([100 * line["own"]["map"] for line in of_lever])
                rows.append((name, lever, str(len(of_lever)), *mious, scores))
    return markdown_table(("data", "pseudo labels", "seeds", "mIoU", "with CRF", "with saliency", "mAP"), rows)


def _miou(runs: Sequence[dict[str, Any]], rule: str) -> str:
    """Of the runs that were measured by a rule, which may be newer than their lines."""
    values = [100 * line[rule]["miou"] for line in runs if rule in line]
    return spread(values) if values else ""


if __name__ == "__main__":
    main()
