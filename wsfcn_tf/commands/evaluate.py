"""`evaluate`: how well a trained network does on photos with masks."""

import argparse
from dataclasses import asdict
from pathlib import Path

from wsfcn_tf.commands.inference_settings import add_set_argument, inference_of

_PANEL_ROWS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("--weights", required=True, help="a run's folder, or a .weights.h5 file in one")
    parser.add_argument("--data", help="the data folder; left out, it is the run's own data.root")
    parser.add_argument("--split", default="val", help="name of the split (default: val)")
    add_set_argument(parser)
    parser.add_argument("--output", help="folder of metrics.json and panel.png (default: RUN/evaluation-SPLIT)")


def run(arguments: argparse.Namespace) -> None:
    """Evaluates, prints the table, writes metrics.json and panel.png."""
    from wsfcn_tf.evaluation.evaluator import evaluate
    from wsfcn_tf.evaluation.pictures import PanelCollector
    from wsfcn_tf.evaluation.report import table
    from wsfcn_tf.files import write_json
    from wsfcn_tf.inference.predictor import Predictor
    from wsfcn_tf.models.counting import count_parameters
    from wsfcn_tf.visualisation import save_image
    from wsfcn_tf.weights.trained import load_trained

    trained = load_trained(arguments.weights)
    inference = inference_of(trained, arguments)
    dataset = trained.dataset(arguments.data)
    panel = PanelCollector(_PANEL_ROWS, trained.class_names)
    metrics = evaluate(Predictor(trained.model, inference), dataset, arguments.split, on_image=panel.add)
    total, trainable = count_parameters(trained.model)
    print(table(metrics, parameters=total, trainable=trainable))
    if trained.is_selected_with_masks:
        print(f"selected with masks: those of {trained.config.data.val_split} chose the epoch (training.select miou)")

    output = Path(arguments.output) if arguments.output else trained.run / f"evaluation-{arguments.split}"
    write_json(
        output / "metrics.json",
        {
            "weights": str(trained.weights),
            "split": arguments.split,
            "inference": asdict(inference),
            "parameters": total,
            "trainable": trainable,
            "selected_with_masks": trained.is_selected_with_masks,
        }
        | metrics.to_json(),
    )
    save_image(output / "panel.png", panel.picture())
    print(f"metrics and pictures: {output}")
