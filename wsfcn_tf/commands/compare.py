"""`compare`: results side by side, and whether their difference is more than the choice of images."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("first", metavar="A", help="the folder of an evaluation: metrics.json and per_image.npz")
    parser.add_argument("others", metavar="B", nargs="+", help="another, on the same images; each is compared with A")


def run(arguments: argparse.Namespace) -> None:
    """Prints the tables."""
    from wsfcn_tf.evaluation.comparison import Result, comparison_text

    first = Result(arguments.first)
    print("\n\n".join(comparison_text(first, Result(other)) for other in arguments.others))
