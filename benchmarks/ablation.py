"""What parts of configs/photos_best.yaml are worth: trainings with all of it and without one, several seeds.

    python -m benchmarks.ablation --data msrc=../shared/data/msrc --data fashion=../shared/data/fashion --seeds 0 1 2

It can be interrupted at any time: the same command goes on where it was, and what is finished is a line of
benchmarks/ablation.jsonl. `--only` runs only those named; without `--data` it prints the table.
"""

import argparse
import os
from collections.abc import Sequence
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
    "size-focal term": ["model.focal_lambda=1"],  # (1 - m)^3 log(1 + m), below 0.1: all but left out
}
_SETTINGS = {
    _ALL: [],
    "no window": ["inference.window_scales=[]"],
    "cues by tags": ["inference.photo_cues=tags"],
    "logit adjustment of masks": ["inference.logit_adjustment=0.25"],
    **{f"no {part}": [*keys, "self_supervision.rounds=1"] for part, keys in _WITHOUT.items()},
    "no wide crops, two rounds": _WITHOUT["wide crops"],
}
# the lines that are there are of photos_best as it was: two rounds of one network, less at inference
_OLDER = [
    "inference.logit_adjustment=0",
    "inference.grab_cut_margin=0",
    "model.networks=1",
    "training.steps_per_epoch=null",
    "self_supervision.rounds=2",
    "self_supervision.known_balance=null",
]
# fashion has more than twice MSRC's photos; its lines are older than photo_cues tags, which decides otherwise there
_SCHEDULES = {"fashion": ["training.epochs=20", "training.cooldown_epochs=8", "inference.photo_cues=one_class"]}
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
                    folder = Path(arguments.runs) / f"{name}-{trained.replace(', ', '-').replace(' ', '_')}-{seed}"
                    append(_RESULTS, run | _measure(trained, name, root, seed, folder))
    print(table(lines(_RESULTS)))


def _measure(trained: str, name: str, root: str, seed: int, folder: Path) -> dict[str, Any]:
    settings = [f"data.root={root}", f"training.seed={seed}", *_OLDER, *_SCHEDULES.get(name, []), *_SETTINGS[trained]]
    line = measure(_CONFIG, settings, _RULES, folder)
    earlier = [evaluated(_RULES, of_round)["config"] for of_round in sorted(folder.glob("round-*"))]
    return line | {"rounds": [*earlier, line.pop("config")]}


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Mean of the seeds and half their spread, in per cent, and minutes of a whole run, where it was in one piece."""
    rows = []
    for name, trained in sorted({(line["data"], line["trained"]) for line in runs}):
        of_kind = [line for line in runs if (line["data"], line["trained"]) == (name, trained)]
        minutes = [line["train_seconds"] / 60 for line in of_kind if line["train_seconds"]]
        for number, found in enumerate(zip(*(line["rounds"] for line in of_kind), strict=True), start=1):
            figures = (spread([100 * metrics[key] for metrics in found]) for key in _METRICS.values())
            told = spread(minutes) if minutes else ""
            rows.append((name, trained, str(number), str(len(found)), *figures, told))
    return markdown_table(("data", "trained with", "round", "seeds", *_METRICS, "minutes"), rows)


if __name__ == "__main__":
    main()
