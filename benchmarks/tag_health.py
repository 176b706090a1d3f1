"""What tags tell of trained networks, beside what masks say: the figures of tag_health.md.

    python -m benchmarks.tag_health RUN [RUN ...] [--split SPLIT]

The measurement is that of `Validation` on the split's photos. Where the data has no tags for them, as for MSRC's val,
they are taken from the masks, and nothing else is.
"""

import argparse

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.evaluator import tags_in
from wsfcn_tf.evaluation.metrics.tag_health import warnings
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.training.callbacks import Validation, ValidationSplit
from wsfcn_tf.weights.trained import load_trained


def main() -> None:
    """Prints two tables for each run, and its warnings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--split", default="val")
    arguments = parser.parse_args()
    for run in arguments.runs:
        report(run, arguments.split)


def report(run: str, split: str) -> None:
    """Measures a run's network and prints what was found."""
    trained = load_trained(run)
    dataset = trained.dataset()
    names = dataset.names(split)

    def tags(name: str) -> np.ndarray:
        try:
            return dataset.tags(name)
        except UserError:
            return tags_in(dataset.mask(name), len(dataset.class_names))

    callback = Validation(trained.config, dataset, ValidationSplit(names, np.stack([tags(name) for name in names])))
    trained.model.self_supervision = False  # the losses are not looked at
    callback.set_model(trained.model)
    callback.measure()
    health = callback.health
    print(f"\n{run}, {len(names)} photos of {split}\n")
    figures = health.columns()
    print(markdown_table(list(figures), [[f"{value:.3f}" for value in figures.values()]]) + "\n")
    rows = zip(trained.class_names, health.tagged, health.stray, health.missed, strict=True)
    table = [(name, str(tagged), f"{stray:.2f}", f"{missed:.2f}") for name, tagged, stray, missed in rows]
    print(markdown_table(("class", "photos with it", "stray", "missed"), table) + "\n")
    for line in warnings(health, trained.class_names):
        print(f"warning: {line}")


if __name__ == "__main__":
    main()
