"""The confusion matrix against the usual ways to compute it, a whole evaluation's time, and COCO's memory.

Run `python -m benchmarks.evaluation`; it needs scikit-learn. Times are those of the processor, which other work on the
machine changes little.
"""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import numpy as np
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from benchmarks.measure import where
from wsfcn_tf.evaluation.metrics.accumulator import Accumulator
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix
from wsfcn_tf.evaluation.metrics.per_image import PerImage

_VOC = {"images": 1449, "size": (375, 500), "labels": 21}
_COCO = {"images": 40137, "size": (60, 80), "labels": 81}  # an eighth of the photos' sides; as many labels in each
_ROUNDS = 5
_DISTINCT = 20  # the masks of the alternating rounds


def main() -> None:
    """Measures and prints."""
    print(f"{where()}\n")
    _confusion_matrices()
    _whole_evaluation()
    _memory()


def _confusion_matrices() -> None:
    pairs = list(_masks(**_VOC | {"images": _DISTINCT}))
    functions = {
        "ours (pairs of labels in 16 bits)": confusion_matrix,
        "boolean index, 64 bits (as in much research code)": _boolean_index,
        "class by class": _class_by_class,
        "scikit-learn": _sklearn,
    }
    for truth, prediction in pairs[:3]:
        for function in functions.values():
            expected = confusion_matrix(truth, prediction, _VOC["labels"])
            assert np.array_equal(function(truth, prediction, _VOC["labels"]), expected)
    calls = {
        name: lambda function=function: [function(*pair, _VOC["labels"]) for pair in pairs]
        for name, function in functions.items()
    }
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            start = time.process_time()
            call()
            times[name].append((time.process_time() - start) / len(pairs))
    seconds = {name: float(np.median(each)) for name, each in times.items()}
    print("| confusion matrix of a 500x375 mask, 21 classes | ms | 1,449 of them, s | ratio |")
    print("|---|---:|---:|---:|")
    ours = next(iter(seconds.values()))
    for name, each in seconds.items():
        print(f"| {name} | {1e3 * each:.2f} | {_VOC['images'] * each:.1f} | {each / ours:.1f} |")


def _whole_evaluation() -> None:
    """Times what `evaluate` does with the masks of a whole split, the making of the masks left out."""
    accumulator = Accumulator([""] * (_VOC["labels"] - 1))
    functions = {
        "confusion matrix": lambda truth, prediction: confusion_matrix(truth, prediction, _VOC["labels"]),
        "all metrics": lambda truth, prediction: accumulator.add("", truth, prediction, None),
    }
    for title, function in functions.items():
        seconds = 0.0
        for pair in _masks(**_VOC):
            start = time.process_time()
            function(*pair)
            seconds += time.process_time() - start
        print(f"\n1,449 masks one by one, {title}: {seconds:.2f} s")
    start = time.process_time()
    accumulator.metrics()
    print(f"\nthe interval (1,000 resamples) and what else is computed once: {time.process_time() - start:.2f} s")


def _memory() -> None:
    """How much the accumulator holds after as many images as COCO's validation split has."""
    accumulator = Accumulator([str(label) for label in range(1, _COCO["labels"])])
    scores = np.zeros(_COCO["labels"] - 1, np.float32)
    marks = (_COCO["images"] // 10, _COCO["images"])
    for index, (truth, prediction) in enumerate(_masks(**_COCO), start=1):
        accumulator.add(f"COCO_val2014_{index:012d}", truth, prediction, scores)
        if index in (1000, *marks):
            print(f"\n{index:,} images, 81 classes: {_megabytes():.0f} MB resident")
    start = time.process_time()
    metrics = accumulator.metrics()
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    per_image: PerImage = metrics.per_image
    places = np.mean([np.count_nonzero(per_image.matrix(index)) for index in range(0, _COCO["images"], 100)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "per_image.npz"
        per_image.save(path)
        print(f"\nmetrics: {seconds:.1f} s and {peak:.0f} MB at the most")
        print(f"\nper_image.npz: {path.stat().st_size / 1e6:.1f} MB, with {places:.1f} places of each matrix")


def _masks(images: int, size: tuple[int, int], labels: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Truths of a background and three ellipses with an ignored outline, and predictions that are a little off."""
    random, (height, width) = np.random.default_rng(0), size
    for _ in range(images):
        truth, prediction = np.zeros((2, height, width), np.uint8)
        for label in random.integers(1, labels, 3).tolist():
            centre = random.integers(0, (width, height))
            axes = random.integers(min(size) // 10, min(size) // 3, 2).tolist()
            cv2.ellipse(truth, centre.tolist(), axes, 0, 0, 360, label, -1)
            cv2.ellipse(truth, centre.tolist(), axes, 0, 0, 360, 255, 2)
            found = label if random.random() < 0.7 else int(random.integers(labels))
            cv2.ellipse(prediction, (centre + random.integers(-8, 9, 2)).tolist(), axes, 0, 0, 360, found, -1)
        yield truth, prediction


def _boolean_index(truth: np.ndarray, prediction: np.ndarray, labels: int) -> np.ndarray:
    counted = (truth >= 0) & (truth < labels)
    pairs = labels * truth[counted].astype(int) + prediction[counted]
    return np.bincount(pairs, minlength=labels**2).reshape(labels, labels)


def _class_by_class(truth: np.ndarray, prediction: np.ndarray, labels: int) -> np.ndarray:
    return np.array([[np.sum((truth == i) & (prediction == j)) for j in range(labels)] for i in range(labels)])


def _sklearn(truth: np.ndarray, prediction: np.ndarray, labels: int) -> np.ndarray:
    counted = truth != 255
    return sklearn_confusion_matrix(truth[counted], prediction[counted], labels=np.arange(labels))


def _megabytes() -> float:
    """The memory of this process now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
