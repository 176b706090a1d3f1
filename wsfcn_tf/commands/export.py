"""`export`: a trained network as a SavedModel."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("weights", metavar="RUN_OR_WEIGHTS", help="a run's folder, or a .weights.h5 file in one")
    parser.add_argument("--output", required=True, help="folder to make, such as models/mine/1")


def run(arguments: argparse.Namespace) -> None:
    """Exports."""
    from wsfcn_tf.serving.export import export
    from wsfcn_tf.weights.trained import load_trained

    export(load_trained(arguments.weights), arguments.output)
    print(f"SavedModel: {arguments.output}")
