"""Photos per second of a trained network, as `predict` and `evaluate` have them without their files.

    python -m benchmarks.inference_speed runs/photos_best --data ../shared/data/msrc [--photos 40] [--rounds 3]

Views, refinement and precision in turns, over the same photos of val; beside each, one photo after the other in this
process, as `Segmenter.predict` has them.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from benchmarks.measure import where
from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.data.datasets.dataset import open_folder
from wsfcn_tf.files.markdown import markdown_table
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.stream import Photo, with_crf_processes
from wsfcn_tf.weights.trained import Trained, load_trained

_VIEWS = {
    "one view": {"scales": (1.0,), "window_scales": (), "flip": False},
    "four scales, flips": {"scales": (0.5, 1, 1.5, 2), "window_scales": (), "flip": True},
}
_PLAIN = {"saliency": 0, "grab_cut": 0, "photo_cues": "always"}
_RULES = {"rules": {**_PLAIN, "crf": CRFConfig(iterations=0)}, "CRF": _PLAIN, "saliency, GrabCut, CRF": {}}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--data", required=True)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    dataset = open_folder(arguments.data)
    photos = [Photo(name, dataset.image(name)) for name in dataset.names("val")[: arguments.photos]]
    print(f"{where()}, {len(photos)} photos of {arguments.data}\n", flush=True)
    jobs = _jobs(load_trained(arguments.run), photos)
    seconds = {key: [] for key in jobs}
    for _ in range(1 + arguments.rounds):  # the first traces
        for key, job in jobs.items():
            start = time.perf_counter()
            job()
            seconds[key].append(time.perf_counter() - start)
    medians = {key: float(np.median(values[1:])) for key, values in seconds.items()}
    header = ("views", "refinement", "precision", "photos a second", "one by one", "ratio")
    print(markdown_table(header, [_row(key, medians, len(photos)) for key in jobs if key[-1]]))


Key = tuple[str, str, str, bool]


def _jobs(trained: Trained, photos: Sequence[Photo]) -> dict[Key, Callable[[], None]]:
    """{(views, refinement, precision, whether photos are refined beside the network): what predicts all photos}."""
    jobs: dict[Key, Callable[[], None]] = {}
    for precision in ("float32", "bfloat16"):
        model = trained.in_precision(precision).model
        for views, some in _VIEWS.items():
            for rules, others in _RULES.items():
                config: InferenceConfig = replace(trained.config.inference, **some, **others)
                predictor = Predictor(model, config)
                jobs[views, rules, precision, True] = lambda p=predictor: _beside(p, photos)
                jobs[views, rules, precision, False] = lambda p=predictor: _one_by_one(p, photos)
    return jobs


def _beside(predictor: Predictor, photos: Sequence[Photo]) -> None:
    for _ in with_crf_processes(predictor)(photos):
        pass


def _one_by_one(predictor: Predictor, photos: Sequence[Photo]) -> None:
    for photo in photos:
        predictor(photo.image)


def _row(key: Key, medians: dict[Key, float], photos: int) -> tuple[str, ...]:
    together, alone = medians[key], medians[(*key[:-1], False)]
    return (*key[:-1], f"{photos / together:.2f}", f"{photos / alone:.2f}", f"{alone / together:.2f}")


if __name__ == "__main__":
    main()
