"""`runs`: the trainings in a folder, side by side."""

import argparse
from pathlib import Path

from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.runs.summary import Summary, config_differences, describe_data, describe_network, find_runs, summarise

_HEADER = (
    *("run", "network", "data", "epochs", "state"),
    *("loss", "val loss", "mAP", "stray", "mIoU", "images/s", "wait", "starts"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "folders",
        nargs="*",
        default=["runs"],
        metavar="FOLDER",
        help="a run's folder, or one with runs below it (default: runs); of two runs, the configs are compared",
    )


def run(arguments: argparse.Namespace) -> None:
    """Prints the tables."""
    runs = [summarise(found) for folder in arguments.folders for found in find_runs(Path(folder))]
    print(markdown_table(_HEADER, [_row(summary) for summary in runs]))
    if any(summary.selected_with_masks for summary in runs):
        print("\n* selected with masks: the validation split's masks chose the trained network's epoch")
    for summary in runs:
        for line in summary.warnings:
            print(f"\n{summary.name}: warning: {line}")
    if len(runs) == 2:
        one, other = runs
        differences = config_differences(one.config, other.config)
        print()
        print(markdown_table(("key", one.name, other.name), differences) if differences else "the configs are the same")


def _row(summary: Summary) -> tuple[str, ...]:
    return (
        summary.name,
        describe_network(summary.config.model),
        describe_data(summary.config.data),
        f"{summary.epochs}/{summary.config.training.epochs}",
        summary.state,
        _number(summary.loss, ".4f"),
        _number(summary.best_loss, ".4f"),
        _number(summary.best_map, ".2%"),
        _number(summary.stray, ".0%"),
        _number(summary.best_miou, ".2%") + ("*" if summary.selected_with_masks else ""),
        _number(summary.images_per_second, ".1f"),
        _number(summary.wait, ".1%"),
        str(summary.starts) if summary.starts else "",
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"
