"""`tables`: the paper's Tables I to V, its figures beside those of a folder of results."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("results", metavar="RESULTS", help="a folder with evaluations in it and below, such as runs")


def run(arguments: argparse.Namespace) -> None:
    """Collects and prints; runs nothing."""
    from wsfcn_tf.evaluation.paper.found_results import find_results
    from wsfcn_tf.evaluation.paper.tables import tables_text

    print(tables_text(find_results(arguments.results), arguments.results))
