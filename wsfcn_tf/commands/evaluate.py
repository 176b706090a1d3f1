"""`evaluate`: how well a trained network does on photos with masks."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from wsfcn_tf.commands.inference_settings import add_set_argument, inference_of
from wsfcn_tf.commands.report_settings import add_report_argument, report_page, report_settings

_PANEL_ROWS = 12
_REPORT_IMAGES = 9  # of the best, of the worst and of the most confused: three full rows on a wide screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("--weights", required=True, help="a run's folder, or a .weights.h5 file in one")
    parser.add_argument("--data", help="the data folder; left out, it is the run's own data.root")
    parser.add_argument("--split", default="val", help="name of the split (default: val)")
    add_set_argument(parser)
    parser.add_argument("--output", help="folder of metrics.json and panel.png (default: RUN/evaluation-SPLIT)")
    add_report_argument(parser)


def run(arguments: argparse.Namespace) -> None:
    """Evaluates, prints the table, writes metrics.json and panel.png, and the report if one is asked for."""
    from wsfcn_tf.evaluation.evaluator import evaluate
    from wsfcn_tf.evaluation.html_report import ExampleCollector, write_report
    from wsfcn_tf.evaluation.pictures import PanelCollector
    from wsfcn_tf.evaluation.report import table
    from wsfcn_tf.files import write_json
    from wsfcn_tf.inference.predictor import Predictor
    from wsfcn_tf.models.counting import count_parameters
    from wsfcn_tf.visualisation import save_image
    from wsfcn_tf.weights.trained import load_trained

    page = report_page(arguments.report)
    trained = load_trained(arguments.weights)
    inference = inference_of(trained, arguments)
    dataset = trained.dataset(arguments.data)
    panel = PanelCollector(_PANEL_ROWS, trained.class_names)
    examples = ExampleCollector(trained.class_names, _REPORT_IMAGES)

    def on_image(*image: Any) -> None:
        panel.add(*image)
        if page is not None:
            examples.add(*image)

    metrics = evaluate(Predictor(trained.model, inference), dataset, arguments.split, on_image=on_image)
    total, trainable = count_parameters(trained.model)
    print(table(metrics, parameters=total, trainable=trainable))

    output = Path(arguments.output) if arguments.output else trained.run / f"evaluation-{arguments.split}"
    source = {
        "weights": str(trained.weights),
        "split": arguments.split,
        "inference": asdict(inference),
        "parameters": total,
        "trainable": trainable,
    }
    write_json(output / "metrics.json", source | metrics.to_json())
    save_image(output / "panel.png", panel.picture())
    print(f"metrics and pictures: {output}")
    if page is not None:
        own = trained.config.data
        data = arguments.data or own.tfds or own.root or own.format
        title = f"{trained.run.name} on {Path(data).name}, {arguments.split} split"
        write_report(page, metrics, examples, title=title, settings=report_settings({"data": data} | source))
        print(f"report: {page}")
