"""At what sizes a trained network should see photos, whole or through a window: mIoU and mAP on val by sets of views.

    python -m benchmarks.views runs/x --data ../shared/data/msrc --window 224 --views 1,1.5 1/1.5,2

A set of views is `inference.scales`, and behind the slash `inference.window_scales`. All are seen with flips. mIoU is
of the network's own masks and background, without what comes behind them.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from dataclasses import replace

import numpy as np
from tqdm import tqdm

from benchmarks.measure import where
from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.evaluation.evaluator import tags_in
from wsfcn_tf.evaluation.metrics.accumulator import Accumulator
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.rules import NetworkOutput, to_prediction
from wsfcn_tf.weights.trained import load_trained

_CLASSES = ("scores", "tags")


def main() -> None:
    """Prints the table; every view is computed once per photo, however many sets it is in."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--views", nargs="+", required=True, metavar="SCALES[/SCALES]")
    parser.add_argument("--window", type=int, default=224, help="its side: default %(default)s")
    arguments = parser.parse_args()
    trained = load_trained(arguments.run)
    dataset = trained.dataset(arguments.data)
    sets = {text: _parsed(text) for text in arguments.views}
    own = InferenceConfig(flip=True, background="none", tile_side=None, window_side=arguments.window)
    predictor = Predictor(trained.model, own)
    if not all(scales for scales, _ in sets.values()):
        parser.error("a set of views needs a whole one: before the slash")
    found = {(text, classes): Accumulator(trained.class_names) for text in sets for classes in _CLASSES}
    for name in tqdm(dataset.names(arguments.split), unit="photo"):
        image, truth = dataset.image(name), dataset.mask(name)
        tags = tags_in(truth, len(trained.class_names))
        whole = {scale: predictor.at_scale(image, scale) for scale in _of(sets, 0)}
        windowed = {scale: predictor.through_window(image, scale) for scale in _of(sets, 1)}
        for text, (scales, window_scales) in sets.items():
            seen = [whole[scale] for scale in scales]
            masks = np.mean([view.masks for view in [*seen, *(windowed[scale] for scale in window_scales)]], 0)
            output = NetworkOutput(masks, np.max([view.scores for view in seen], 0))
            for classes in _CLASSES:
                prediction = to_prediction(output, replace(own, classes=classes), tags)
                found[text, classes].add(name, truth, prediction.labels, prediction.scores)
    print(f"{where()}; {arguments.run}\n")
    rows = []
    for text in sets:
        by_score, by_tags = (found[text, classes].metrics() for classes in _CLASSES)
        rows.append((text, *(f"{100 * value:.1f}" for value in (by_score.miou, by_tags.miou, by_score.map))))
    print(markdown_table(("views", "mIoU", "classes as in the truth", "mAP"), rows))


def _parsed(text: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    scales, _, window_scales = text.partition("/")
    return _numbers(scales), _numbers(window_scales)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(",") if number)


def _of(sets: dict[str, tuple[tuple[float, ...], tuple[float, ...]]], part: int) -> set[float]:
    return {scale for views in sets.values() for scale in views[part]}


if __name__ == "__main__":
    main()
