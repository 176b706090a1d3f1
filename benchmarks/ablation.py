"""What each part of configs/photos_best.yaml is worth: trainings with all of it and without one part, several seeds.

    python -m benchmarks.ablation --data msrc=../shared/data/msrc --data fashion=../shared/data/fashion --seeds 0 1 2

It can be interrupted at any time: the same command goes on where it was, and what is finished is a line of
benchmarks/ablation.jsonl, one for each round. `--only` runs only those named; without `--data` it prints the table.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks.finished_runs import evaluated, measure, spread
from benchmarks.json_lines import append, lines
from wsfcn_tf.files.markdown import markdown_table

_CONFIG = "configs/photos_best.yaml"
_RESULTS = Path(__file__).with_suffix(".jsonl")
_ALL = "all of it"
# what is left out: compared after one round, for the second one's masks are made of the first's
_WITHOUT = {
    "saliency in training": ["self_supervision.saliency=0"],
    "class balance 0.5": ["self_supervision.class_balance=1"],
    "colour fit": ["self_supervision.colour_fit=0"],
    "wide crops": ["data.crop_area=[0.3,1]", "data.crop_ratio=[0.75,1.3333333333333333]"],
    "logit adjustment": ["training.logit_adjustment=0"],
}
_SETTINGS = {_ALL: []} | {f"no {part}": [*keys, "self_supervision.rounds=1"] for part, keys in _WITHOUT.items()}
_RULES: dict[str, list[str]] = {"config": []}
_METRICS = {"mIoU": "miou", "pixel accuracy": "pixel_accuracy", "mAP": "map"}


def main() -> None:
    """Runs what is missing, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--only", action="append", choices=_SETTINGS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--runs", default="runs/ablation", help="folder of the runs")
    arguments = parser.parse_args()
    done = {(line["trained"], line["data"], line["seed"]) for line in lines(_RESULTS)}
    for seed in arguments.seeds:
        for trained in arguments.only or _SETTINGS:
            for name, _, root in (entry.partition("=") for entry in arguments.data):
                if (trained, name, seed) not in done:
                    run = {"trained": trained, "data": name, "seed": seed}
                    folder = Path(arguments.runs) / f"{name}-{trained.replace(' ', '_')}-{seed}"
                    for line in list(_measure(trained, root, seed, folder)):
                        append(_RESULTS, run | line)
    print(table(lines(_RESULTS)))


def _measure(trained: str, root: str, seed: int, folder: Path) -> Iterator[dict[str, Any]]:
    """A line for each round, the last one's first."""
    line = measure(_CONFIG, [f"data.root={root}", f"training.seed={seed}", *_SETTINGS[trained]], _RULES, folder)
    earlier = sorted(folder.glob("round-*"))
    yield {"round": 1 + len(earlier)} | line
    for number, of_round in enumerate(earlier, start=1):
        yield {"round": number} | evaluated(_RULES, of_round)


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Mean of the seeds and half their spread, in per cent, and minutes of a whole run."""
    rows = []
    for name in dict.fromkeys(line["data"] for line in runs):
        for trained in _SETTINGS:
            of_kind = [line for line in runs if (line["trained"], line["data"]) == (trained, name)]
            for number in sorted({line["round"] for line in of_kind}):
                some = [line for line in of_kind if line["round"] == number]
                figures = [spread([100 * line["config"][key] for line in some]) for key in _METRICS.values()]
                minutes = [line["train_seconds"] / 60 for line in some if line.get("train_seconds")]
                figures.append(spread(minutes) if minutes else "")
                rows.append((name, trained, str(number), str(len(some)), *figures))
    return markdown_table(("data", "trained with", "round", "seeds", *_METRICS, "minutes"), rows)


if __name__ == "__main__":
    main()
