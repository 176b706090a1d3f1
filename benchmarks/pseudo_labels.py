"""How good a trained network's pseudo labels are, by masks that training never reads.

    python -m benchmarks.pseudo_labels runs/x --data ../shared/data/msrc --by self_supervision.pamr_iterations=0 --by …

makes the pseudo labels of val's photos as training does, from one forward pass and the tags that are in their masks, by
the run's own settings and by those of each --by (its keys are joined by commas), and holds them against the masks.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import re

import numpy as np
import tensorflow as tf

from benchmarks.measure import where
from benchmarks.thing_sizes import HEADER as SIZES
from benchmarks.thing_sizes import ThingSizes
from wsfcn_tf.config.reading import override
from wsfcn_tf.data.photos.saliency import saliency
from wsfcn_tf.evaluation.evaluator import tags_in
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.objective.losses import holds_every_tag
from wsfcn_tf.objective.objective import Objective
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.weights.trained import Trained, load_trained

_HEADER = ("pseudo labels", "pixels labelled", "precision", "recall", "background: precision", "recall", "photos kept")


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--by", action="append", default=[], metavar="KEY=VALUE[,KEY=VALUE]")
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="val")
    arguments = parser.parse_args()
    trained = load_trained(arguments.run)
    found = dict(zip(["as trained", *arguments.by], _measure(trained, arguments), strict=True))
    rows = [(variant, *(f"{value:.1%}" for value in quality)) for variant, (quality, _) in found.items()]
    print(f"{where()}\n\n{markdown_table(_HEADER, rows)}")
    by_size = [(variant, *row) for variant, (_, sizes) in found.items() for row in sizes.rows()]
    print(f"\n{markdown_table(('pseudo labels', *SIZES), by_size)}")


def _measure(trained: Trained, arguments: argparse.Namespace) -> list[tuple[tuple[float, ...], ThingSizes]]:
    # a comma within brackets belongs to a value
    keys = [re.split(r",(?![^\[]*\])", variant) if variant else [] for variant in ["", *arguments.by]]
    dataset, labels = trained.dataset(arguments.data), 1 + len(trained.class_names)
    objectives = [Objective(override(trained.config, settings).self_supervision) for settings in keys]
    matrices, kept = np.zeros([len(objectives), labels + 1, labels + 1], np.int64), np.zeros(len(objectives))
    sizes = [ThingSizes() for _ in objectives]
    names = dataset.names(arguments.split)
    for name in names:
        image = dataset.image(name)
        photo = normalise(tf.cast(image[None], tf.float32) / 255.0)
        with_saliency = tf.concat([photo, saliency(image)[None, ..., None]], axis=-1)
        truth = dataset.mask(name)
        tags = tags_in(truth, len(trained.class_names)).astype(np.float32)[None]
        logits = trained.model(photo, training=False)["logits"]
        for i, objective in enumerate(objectives):
            pseudo = objective.supervise(with_saliency, tags, logits).pseudo
            kept[i] += holds_every_tag(pseudo, tags)[0] / len(names)
            found = np.where(pseudo[0].numpy().any(-1), pseudo[0].numpy().argmax(-1), labels)
            matrices[i] += confusion_matrix(truth, found, labels + 1)
            sizes[i].add(truth, found)
    qualities = [(*_quality(matrix), share) for matrix, share in zip(matrices, kept, strict=True)]
    return list(zip(qualities, sizes, strict=True))


def _quality(matrix: np.ndarray) -> tuple[float, ...]:
    """Of a matrix whose last column holds the pixels without a label: these are missed by recall."""
    right, labelled = matrix.diagonal()[:-1], matrix[:, :-1]
    precision, recall = right / labelled.sum(0), right / matrix.sum(1)[:-1]
    share = labelled.sum() / matrix.sum()
    return share, np.nanmean(precision[1:]), np.nanmean(recall[1:]), precision[0], recall[0]


if __name__ == "__main__":
    main()
