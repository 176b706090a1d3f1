"""Trainings and evaluations in processes of their own."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import where
from wsfcn_tf.runs.epoch_table import read
from wsfcn_tf.runs.folder import RunFolder


def measure(config: str, settings: Sequence[str], rules: dict[str, list[str]], folder: Path) -> dict[str, Any]:
    """Trains a network, or goes on where its training was, and evaluates it on val by each of some rules.

    Args:
        config: the config file.
        settings: what `--set` gives train.py.
        rules: {name: what `--set` gives evaluate.py}.
        folder: the run's.

    Returns:
        What a line says of the run: machine, command, seconds (None of a run in pieces), history, and {name: metrics}.
    """
    begun = RunFolder(folder).is_run
    command = ["train.py", "--config", config, *_set(settings), "--output", str(folder)]
    seconds = _python(command + (["--resume"] if begun else []))
    result = {"where": where(), "command": " ".join(command), "train_seconds": None if begun else round(seconds)}
    return result | evaluated(rules, folder)


def evaluated(rules: dict[str, list[str]], folder: Path) -> dict[str, Any]:
    """Evaluates a trained network on val: its history, and {name: metrics}, of rules as `measure` takes them."""
    result: dict[str, Any] = {}
    for name, rule in rules.items():
        output = folder / f"evaluation-{name}"
        _python(["evaluate.py", "--weights", str(folder), "--split", "val", *_set(rule), "--output", str(output)])
        metrics = json.loads((output / "metrics.json").read_text())
        result[name] = {key: metrics[key] for key in ("miou", "pixel_accuracy", "map", "class_iou")}
    return result | {"history": read(folder / "history.csv")}


def spread(values: Sequence[float]) -> str:
    """Mean and, behind "±", half the distance between the best and the worst."""
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {(max(values) - min(values)) / 2:.1f}"


def _set(settings: Iterable[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def _python(command: Sequence[str]) -> float:
    """Runs a script; returns the seconds it took."""
    print("$ python", *command, flush=True)
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True)
    return time.perf_counter() - start
