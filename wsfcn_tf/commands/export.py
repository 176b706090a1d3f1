"""`export`: a trained network as a SavedModel."""

import argparse

from wsfcn_tf.commands.inference_settings import add_inference_arguments, inference_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("weights", metavar="RUN_OR_WEIGHTS", help="a run's folder, or a .weights.h5 file in one")
    add_inference_arguments(parser)
    parser.add_argument("--output", required=True, help="folder to make, such as models/mine/1")


def run(arguments: argparse.Namespace) -> None:
    """Exports."""
    from wsfcn_tf.serving.export import export
    from wsfcn_tf.weights.trained import load_trained

    trained = load_trained(arguments.weights)
    inference = inference_of(trained, arguments)
    export(trained, inference, arguments.output)
    if inference.scales != (1.0,) or inference.flip or inference.crf.iterations:
        print("left out: scales, flips and CRF; the exported model looks once, at the photo's own size")
    print(f"SavedModel: {arguments.output}")
