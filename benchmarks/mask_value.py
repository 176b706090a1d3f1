"""What masks are worth beside tags: the same training with tags alone, masks of some photos, scribbles, and points.

    python -m benchmarks.mask_value --data ../shared/data/msrc --seeds 0 1

It can be interrupted at any time: the same command goes on where it was, and what is finished is a line of
benchmarks/mask_value.jsonl. `--only` runs only those named, `--set` changes a key of all; lines with other settings are
rows of their own. Without `--data` it prints the table and writes docs/images/mask_value.svg.
"""

import argparse
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks.finished_runs import measure, spread
from benchmarks.json_lines import append, lines
from benchmarks.mask_value_plot import plot
from benchmarks.partial_masks import Draw, points, scribbles, whole, write_partial
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.files import write_text
from wsfcn_tf.files.markdown import markdown_table

_CONFIG = "configs/photos_small.yaml"
_RESULTS = Path(__file__).with_suffix(".jsonl")
_PLOT = Path("docs/images/mask_value.svg")
_PLAIN = ["self_supervision.fill_unknown=false"]
# {what is drawn: (share of the photos, how, what else is set)}
_DRAWN: dict[str, tuple[float, Draw | None, list[str]]] = {
    "tags only": (0, None, []),
    "one point per class": (1, points, []),
    "one scribble per class": (1, scribbles, []),
    "masks of 5 %": (0.05, whole, []),
    "masks of 10 %": (0.1, whole, []),
    "masks of 25 %": (0.25, whole, []),
    "masks of 50 %": (0.5, whole, []),
    "masks of 100 %": (1, whole, []),
    "masks of 100 %, no pseudo labels": (1, whole, _PLAIN),
}
_RULES = {
    "own": ["inference.background=none", "inference.crf.iterations=0"],
    "config": [],
}


def main() -> None:
    """Runs what is missing; or prints the table and writes the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="FOLDER", help="in VOC's layout, with masks of train and val")
    parser.add_argument("--only", action="append", choices=_DRAWN)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of training, and of what is drawn")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of all runs")
    parser.add_argument("--config", default=_CONFIG)
    parser.add_argument("--runs", default="runs/mask_value", help="folder of the runs")
    arguments = parser.parse_args()
    if arguments.data is None:
        common, runs = _without_common(lines(_RESULTS))
        print(f"all: {common}\n\n{table(runs)}")
        write_text(_PLOT, plot(_curves(runs)))
        return
    name, settings = Path(arguments.data).name, " ".join(arguments.set)
    done = {(line["drawn"], line["data"], line["seed"], line["settings"]) for line in lines(_RESULTS)}
    for seed in arguments.seeds:
        for drawn in arguments.only or _DRAWN:
            if (drawn, name, seed, settings) not in done:
                line = {"drawn": drawn, "data": name, "seed": seed, "settings": settings}
                append(_RESULTS, line | _measure(drawn, seed, arguments))


def _measure(drawn: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    share, draw, more = _DRAWN[drawn]
    runs = Path(arguments.runs)
    settings = [f"data.root={arguments.data}", f"training.seed={seed}", *arguments.set, *more]
    if draw is not None:
        folder = runs / "masks" / f"{Path(arguments.data).name}-{draw.__name__}-{round(100 * share)}-{seed}"
        dataset = VocFolder(arguments.data)
        write_partial(folder, dataset, dataset.names("train"), share, draw, seed)
        settings.append(f"data.pseudo_masks={{{folder}: hard}}")
    mark = hashlib.sha256(" ".join([arguments.config, *settings]).encode()).hexdigest()[:8]
    return measure(arguments.config, settings, _RULES, runs / f"{list(_DRAWN).index(drawn)}-{seed}-{mark}")


def _without_common(runs: Sequence[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The settings that all runs have, and the runs without them."""
    words = [run["settings"].split() for run in runs]
    common = set.intersection(*map(set, words)) if words else set()
    others = [" ".join(word for word in some if word not in common) for some in words]
    told = " ".join(word for word in (words[0] if words else []) if word in common)
    return told, [run | {"settings": other} for run, other in zip(runs, others, strict=True)]


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Mean of the seeds and half their spread, in per cent."""
    rows = []
    for settings in dict.fromkeys(line["settings"] for line in runs):
        for drawn in _DRAWN:
            some = [line for line in runs if (line["drawn"], line["settings"]) == (drawn, settings)]
            if some:
                scores = (spread([100 * line[rule]["miou"] for line in some]) for rule in _RULES)
                ranking = spread([100 * line["own"]["map"] for line in some])
                rows.append((drawn, settings or "as they are", str(len(some)), *scores, ranking))
    return markdown_table(("drawn", "settings", "seeds", "mIoU", "with the config's rules", "mAP"), rows)


def _curves(runs: Sequence[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """{name: [(share of the photos with masks, mIoU)]}, both in per cent: of masks, scribbles and points."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for line in runs:
        share, draw, more = _DRAWN[line["drawn"]]
        if more or line["settings"]:
            continue
        name = line["drawn"] if draw in (points, scribbles) else "masks"
        curves.setdefault(name, []).append((100 * share, 100 * line["own"]["miou"]))
    return curves


if __name__ == "__main__":
    main()
