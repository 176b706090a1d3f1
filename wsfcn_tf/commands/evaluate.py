"""`evaluate`: how well a trained network does on photos with masks."""

import argparse
from dataclasses import asdict
from pathlib import Path

from wsfcn_tf.commands.inference_settings import add_crf_argument, add_inference_arguments, inference_of

_PANEL_ROWS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("--weights", required=True, help="a run's folder, or a .weights.h5 file in one")
    parser.add_argument("--data", help="the data folder; left out, it is the run's own data.root")
    parser.add_argument("--split", default="val", help="name of the split (default: val)")
    add_inference_arguments(parser)
    add_crf_argument(parser)
    parser.add_argument("--output", help="folder of metrics.json and panel.png (default: RUN/evaluation-SPLIT)")


def run(arguments: argparse.Namespace) -> None:
    """Evaluates, prints the table, writes metrics.json and panel.png."""
    from wsfcn_tf.evaluation.evaluator import evaluate, ground_truth_tags
    from wsfcn_tf.evaluation.pictures import PanelCollector
    from wsfcn_tf.evaluation.report import table
    from wsfcn_tf.files import write_json
    from wsfcn_tf.inference.predictor import Predictor
    from wsfcn_tf.inference.provenance import thresholds_note
    from wsfcn_tf.inference.stream import with_crf_processes
    from wsfcn_tf.models.counting import count_parameters
    from wsfcn_tf.visualisation import save_image
    from wsfcn_tf.weights.trained import load_trained

    trained = load_trained(arguments.weights)
    inference = inference_of(trained, arguments)
    dataset = trained.dataset(arguments.data)
    panel = PanelCollector(_PANEL_ROWS, trained.class_names)
    predict = with_crf_processes(Predictor(trained.model, inference), arguments.crf_processes)
    tags_of, tags_from = None, None
    if inference.classes == "tags":
        tags_of, tags_from = ground_truth_tags(dataset, arguments.split)
    metrics = evaluate(predict, dataset, arguments.split, tags_of=tags_of, on_image=panel.add)
    total, trainable = count_parameters(trained.model)
    print(table(metrics, parameters=total, trainable=trainable))
    print(f"thresholds: {thresholds_note(inference)}")
    if tags_from:
        print(f"classes in each photo: given by {tags_from}")

    output = Path(arguments.output) if arguments.output else trained.run / f"evaluation-{arguments.split}"
    write_json(
        output / "metrics.json",
        {
            "weights": str(trained.weights),
            "split": arguments.split,
            "inference": asdict(inference),
            "thresholds": thresholds_note(inference),
            "tags_at_inference": tags_from,
            "parameters": total,
            "trainable": trainable,
        }
        | metrics.to_json(),
    )
    save_image(output / "panel.png", panel.picture())
    print(f"metrics and pictures: {output}")
