"""What stands out from the border, held against masks: alone, and behind a trained network's own masks.

    python -m benchmarks.saliency runs/x --data ../shared/data/msrc

AUC is that of a pixel's saliency, or of the network's foreground, for things against background in one photo; the mean
and the worst tenth are over the photos of val that show both. The second table is mIoU by the rules named.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import time
from dataclasses import replace

import numpy as np

from benchmarks.measure import where
from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.photos.saliency import saliency
from wsfcn_tf.evaluation.evaluator import tags_in
from wsfcn_tf.evaluation.metrics.accumulator import Accumulator
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.inference.crf import refine
from wsfcn_tf.inference.photo_cues import with_photo_cues
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.rules import to_prediction
from wsfcn_tf.weights.trained import load_trained

_OWN = InferenceConfig(scales=(0.75, 1.0), flip=True, background="none")
_CRF = CRFConfig(iterations=10, background_power=0)
_RULES = {
    "own background": _OWN,
    "and CRF": replace(_OWN, crf=_CRF),
    **{f"and saliency {weight}": replace(_OWN, saliency=float(weight)) for weight in (5, 10, 20)},
    "and GrabCut": replace(_OWN, grab_cut=5),
    "and saliency 10, GrabCut": replace(_OWN, saliency=10.0, grab_cut=5),
    "and saliency 10, GrabCut, CRF": replace(_OWN, saliency=10.0, grab_cut=5, crf=_CRF),
    "and saliency 10, CRF": replace(_OWN, saliency=10.0, crf=_CRF),
    "one class: saliency 10, GrabCut; several: CRF": replace(
        _OWN, saliency=10.0, grab_cut=5, crf=_CRF, photo_cues="one_class"
    ),
}


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--scales", type=float, nargs="+", default=_OWN.scales, help="default: %(default)s")
    arguments = parser.parse_args()
    trained = load_trained(arguments.run)
    dataset, predictor = (
        trained.dataset(arguments.data),
        Predictor(trained.model, replace(_OWN, scales=tuple(arguments.scales))),
    )
    aucs: dict[str, list[float]] = {"saliency": [], "the network": []}
    scores = {(rule, tags): Accumulator(trained.class_names) for tags in ("scores", "tags") for rule in _RULES}
    seconds = 0.0
    for name in dataset.names(arguments.split):
        image, truth = dataset.image(name), dataset.mask(name)
        output = predictor.mean_of_views(image)
        tags = tags_in(truth, len(trained.class_names))
        start = time.perf_counter()
        found = saliency(image)
        seconds += time.perf_counter() - start
        known = truth != IGNORE
        if 0 < np.mean(truth[known] > 0) < 1:
            aucs["saliency"].append(auc(found[known], truth[known] > 0))
            aucs["the network"].append(auc(-output.masks[known][:, 0], truth[known] > 0))
        for (rule, classes), accumulator in scores.items():
            config = replace(_RULES[rule], classes=classes)
            prediction = with_photo_cues(image, to_prediction(output, config, tags), config)
            if config.crf.iterations:
                prediction = refine(image, prediction, config.crf)
            accumulator.add(name, truth, prediction.labels, prediction.scores)
    print(f"{where()}; saliency took {1000 * seconds / len(dataset.names(arguments.split)):.0f} ms a photo\n")
    rows = [(name, f"{np.mean(values):.3f}", f"{np.quantile(values, 0.1):.3f}") for name, values in aucs.items()]
    print(markdown_table(("AUC of", "mean", "worst tenth"), rows) + "\n")
    mious = {key: f"{100 * accumulator.metrics().miou:.1f}" for key, accumulator in scores.items()}
    rows = [(rule, mious[rule, "scores"], mious[rule, "tags"]) for rule in _RULES]
    print(markdown_table(("mIoU", "classes by score", "classes as in the truth"), rows))


def auc(values: np.ndarray, positive: np.ndarray) -> float:
    """The chance that a positive has a higher value than a negative; ties count half."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    hits = positive.sum()
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * (~positive).sum()))


if __name__ == "__main__":
    main()
