"""`evaluate`: how well a trained network, or a folder of masks, does on photos with masks."""

import argparse
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsfcn_tf.commands.cluster_options import add_cluster_arguments, network_on, workers_of
from wsfcn_tf.commands.inference_settings import add_crf_argument, add_inference_arguments, opened
from wsfcn_tf.commands.mask_values_setting import split_off_mask_values
from wsfcn_tf.commands.report_settings import add_report_argument, report_page, report_settings

if TYPE_CHECKING:
    import numpy as np

    from wsfcn_tf.evaluation.metrics.results import Metrics
    from wsfcn_tf.inference.prediction import Prediction

_PANEL_ROWS = 12
_REPORT_IMAGES = 9  # of the best, of the worst and of the most confused: three full rows on a wide screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("--weights", help="a run's folder, or a .weights.h5 file in one")
    parser.add_argument("--masks", help="instead of --weights: a folder of PNGs named after the photos")
    parser.add_argument("--data", help="the data folder; left out, it is the run's own data.root")
    parser.add_argument("--split", default="val", help="name of the split (default: val)")
    add_inference_arguments(parser)
    add_crf_argument(parser)
    parser.add_argument(
        "--output", help="folder of the results (default: RUN/evaluation-SPLIT, or MASKS-evaluation-SPLIT)"
    )
    add_report_argument(parser)
    add_cluster_arguments(parser, with_crf=False)


def run(arguments: argparse.Namespace) -> None:
    """Evaluates, prints the table, writes the files of the results."""
    from wsfcn_tf.errors import UserError

    if bool(arguments.weights) == bool(arguments.masks):
        raise UserError("name what to evaluate: either a network with --weights or a folder of PNGs with --masks")
    if arguments.masks:
        _evaluate_masks(arguments)
    else:
        _evaluate_network(arguments)


def _evaluate_network(arguments: argparse.Namespace) -> None:
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.evaluation.evaluator import evaluate, ground_truth_tags
    from wsfcn_tf.evaluation.html_report import ExampleCollector, write_report
    from wsfcn_tf.evaluation.metrics.tag_health import warnings
    from wsfcn_tf.evaluation.panel_collector import PanelCollector
    from wsfcn_tf.evaluation.report import table
    from wsfcn_tf.evaluation.tag_collector import TagCollector
    from wsfcn_tf.files.remote import is_url
    from wsfcn_tf.inference.rules import thresholds_note
    from wsfcn_tf.models.counting import count_parameters
    from wsfcn_tf.visualisation.overlays import save_image

    page = report_page(arguments.report)
    if is_url(arguments.weights) and not arguments.output:
        raise UserError(f"{arguments.weights}: is not on this machine: say with --output where the results are to be")
    mask_values, arguments.set = split_off_mask_values(arguments.set)
    cluster = workers_of(arguments)
    segmenter = opened(arguments)
    trained, inference = segmenter.trained, segmenter.trained.config.inference
    dataset = trained.dataset(arguments.data, mask_values)
    panel = PanelCollector(_PANEL_ROWS, trained.class_names)
    examples = ExampleCollector(trained.class_names, _REPORT_IMAGES)

    tags_of, tags_from = ground_truth_tags(dataset, arguments.split)
    by_tags = TagCollector(inference.presence_threshold)

    def on_image(name: str, image: "np.ndarray", truth: "np.ndarray", prediction: "Prediction") -> None:
        panel.add(name, image, truth, prediction)
        by_tags.add(prediction, lambda: tags_of(name, truth))
        if page is not None:
            examples.add(name, image, truth, prediction)

    if cluster is None:
        predict = partial(segmenter.predictions, crf_processes=arguments.crf_processes)
    else:
        from wsfcn_tf.cluster.labelling import predict_on

        network = network_on(cluster, arguments, inference, of_split=False)  # photos and masks are read here
        predict = predict_on(cluster, network)
    given = tags_of if inference.classes == "tags" else None
    metrics = evaluate(predict, dataset, arguments.split, tags_of=given, on_image=on_image)
    health = by_tags.health()  # there is one: `tags_of` has read the first photo's tags
    total, trainable = count_parameters(trained.model)
    print(table(metrics, parameters=total, trainable=trainable))
    print(f"thresholds: {thresholds_note(inference)}")
    if given:
        print(f"classes in each photo: given by {tags_from}")
    if trained.is_selected_with_masks:
        print(f"selected with masks: those of {trained.config.data.val_split} chose the epoch (training.select miou)")
    names = dataset.names(arguments.split)
    trained_on = trained.trained_on(names, arguments.data)
    if trained_on:
        print(f"warning: {trained_on} of the {len(names)} photos were trained on: others will come out worse")
    for line in warnings(health, trained.class_names):
        print(f"warning: {line}")

    output = Path(arguments.output) if arguments.output else trained.run / f"evaluation-{arguments.split}"
    save_image(output / "panel.png", panel.picture())
    source = {
        "weights": arguments.weights if is_url(arguments.weights) else str(trained.weights),
        "data": arguments.data or trained.config.data.root,
        "split": arguments.split,
        "model": asdict(trained.config.model),
        "inference": asdict(inference),
        "thresholds": thresholds_note(inference),
        "tags_at_inference": tags_from if given else None,
        "parameters": total,
        "trainable": trainable,
        "selected_with_masks": trained.is_selected_with_masks,
        "trained_on": trained_on,
    }
    _write(output, source | {"tag_health": {"tags": tags_from} | health.to_json(trained.class_names)}, metrics)
    if page is not None:
        own = trained.config.data
        data = arguments.data or own.tfds or own.root or own.format
        title = f"{trained.run.name} on {Path(data).name}, {arguments.split} split"
        model = trained.config.model
        shown = source | {"data": data, "model": f"{model.backbone}, {model.context}, {model.fusion}"}
        write_report(page, metrics, examples, title=title, settings=report_settings(shown))
        print(f"report: {page}")


def _evaluate_masks(arguments: argparse.Namespace) -> None:
    from wsfcn_tf.data.datasets.dataset import open_folder
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.evaluation.mask_folder import evaluate_masks
    from wsfcn_tf.evaluation.report import table

    if arguments.workers is not None:
        raise UserError("--workers: there is no network with --masks: leave it out")
    if not arguments.data:
        raise UserError("--masks needs --data, the folder of the photos and the true masks")
    mask_values, arguments.set = split_off_mask_values(arguments.set)
    for option in ("inference", "set"):
        if given := getattr(arguments, option):
            raise UserError(f"--{option} {given[0]}: there is no inference with --masks: leave it out")
    if arguments.report:
        raise UserError(f"--report {arguments.report}: shows a network's masks, too: give --weights, or leave it out")
    metrics = evaluate_masks(arguments.masks, open_folder(arguments.data, mask_values=mask_values), arguments.split)
    print(table(metrics, parameters=None, trainable=None))

    masks = Path(arguments.masks)
    output = Path(arguments.output or masks.parent / f"{masks.resolve().name}-evaluation-{arguments.split}")
    _write(output, {"masks": arguments.masks, "data": arguments.data, "split": arguments.split}, metrics)


def _write(output: Path, source: dict[str, Any], metrics: "Metrics") -> None:
    from wsfcn_tf.evaluation.report import class_csv
    from wsfcn_tf.files import write_json, write_text

    write_text(output / "per_class.csv", class_csv(metrics))
    metrics.per_image.save(output / "per_image.npz")
    write_json(output / "metrics.json", source | metrics.to_json())
    print(f"results: {output}")
