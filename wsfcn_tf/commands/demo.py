"""`demo`: the whole of it on generated scenes: train from tags, evaluate beside three baselines, show a picture."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsfcn_tf.config import ExperimentConfig
    from wsfcn_tf.data.datasets.dataset import Dataset
    from wsfcn_tf.models import Network

_PANEL_ROWS = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("--output", default="runs/demo", help="folder of runs and results (default: runs/demo)")
    parser.add_argument("--seed", type=int, default=0, help="of weights, data order and augmentation (default: 0)")
    parser.add_argument("--config", default="demo", help="another experiment on scenes")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one key of the config")


def run(arguments: argparse.Namespace) -> None:
    """Trains (or continues, if interrupted), evaluates, prints the table, writes metrics.json and panel.png."""
    from wsfcn_tf.config.reading import load_config

    config = load_config(arguments.config, [*arguments.set, f"training.seed={arguments.seed}"])

    from wsfcn_tf.data.datasets.dataset import open_dataset
    from wsfcn_tf.evaluation.baselines import ColourClassifier, all_background
    from wsfcn_tf.evaluation.evaluator import evaluate
    from wsfcn_tf.evaluation.panel_collector import PanelCollector
    from wsfcn_tf.evaluation.report import comparison_table, table
    from wsfcn_tf.files import write_json
    from wsfcn_tf.inference.predictor import Predictor
    from wsfcn_tf.inference.stream import one_by_one, with_crf_processes
    from wsfcn_tf.models.counting import count_parameters
    from wsfcn_tf.runs.folder import RunFolder
    from wsfcn_tf.visualisation.overlays import save_image
    from wsfcn_tf.visualisation.panels import side_by_side

    dataset = open_dataset(config.data)
    output = Path(arguments.output) / f"seed-{arguments.seed}"
    cam, wsfcn = _train_both(config, dataset, output)
    inference = RunFolder(output / "wsfcn").read()[0].inference  # with what training decided by the tags
    predictors = {
        "all background": one_by_one(all_background(len(dataset.class_names))),
        "colour classifier": one_by_one(ColourClassifier.fit(dataset, config.data.train_split)),
        "CAM": with_crf_processes(Predictor(cam, inference)),
        "WS-FCN": with_crf_processes(Predictor(wsfcn, inference)),
    }
    panels = {name: PanelCollector(_PANEL_ROWS, dataset.class_names) for name in predictors}
    metrics = {
        name: evaluate(predict, dataset, config.data.val_split, on_image=panels[name].add)
        for name, predict in predictors.items()
    }
    total, trainable = count_parameters(wsfcn)
    print(f"\nWS-FCN per class, {config.data.val_split} split, seed {arguments.seed}:\n")
    print(table(metrics["WS-FCN"], parameters=total, trainable=trainable))
    print("\nBeside the baselines; nothing here has seen a mask:\n")
    print(comparison_table(metrics.items()))

    write_json(output / "metrics.json", {name: value.to_json() for name, value in metrics.items()})
    reference = panels["WS-FCN"]
    columns = {"photo": reference.photos, "ground truth": reference.truths}
    columns |= {name: panels[name].predictions for name in ("colour classifier", "CAM", "WS-FCN")}
    save_image(output / "panel.png", side_by_side(columns, dataset.class_names))
    print(f"\npicture: {output / 'panel.png'}")


def _train_both(config: "ExperimentConfig", dataset: "Dataset", output: Path) -> tuple["Network", "Network"]:
    """The network trained with the classification loss alone, whose masks are its CAMs, and the full method.

    Both begin with the same epochs, so these are trained once and both runs resume from their checkpoint.
    """
    from wsfcn_tf.runs.folder import RunFolder
    from wsfcn_tf.training import continue_from, train

    schedule = config.training
    runs = {
        "shared-epochs": replace(schedule, epochs=schedule.pretrain_epochs, cooldown_epochs=0),
        "cam": replace(schedule, pretrain_epochs=schedule.epochs),
        "wsfcn": schedule,
    }
    models = {}
    for name, training in runs.items():
        folder = RunFolder(output / name)
        experiment = replace(config, training=training)
        if name != "shared-epochs":
            continue_from(RunFolder(output / "shared-epochs"), folder, experiment, dataset)
        print(f"training: {folder.root}")
        models[name] = train(experiment, dataset, folder, resume=True)
    return models["cam"], models["wsfcn"]
