"""Evaluations of a few small images, each a little worse than the one before."""

import numpy as np
from memory_dataset import MemoryDataset

from wsfcn_tf.evaluation.evaluator import evaluate
from wsfcn_tf.evaluation.html_report import ExampleCollector, write_report
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import one_by_one

CLASSES = ("cat", "dog", "emu")
SETTINGS = {"weights": "runs/mine/model.weights.h5", "inference.scales": "1.0, 0.5", "date": "2026-01-02"}
HEIGHT, WIDTH = 40, 60


def image(seed, height=HEIGHT, width=WIDTH):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def truth_of(number, classes):
    """A square of one class; a frame around it does not count."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[9:31, 9:31] = 255
    labels[10:30, 10:30] = 1 + number % classes
    return labels


def prediction_of(number, classes, *, crf=True, cam=True):
    """The square, shifted by the image's number of pixels; part of it is another class, more of it in later images."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[10:30, 10 + number : 30 + number] = 1 + number % classes
    labels[10 : 10 + number, 10:30] = 1 + (number + 1) % classes
    masks = np.eye(1 + classes, dtype=np.float32)[labels]
    return Prediction(
        labels,
        np.full(classes, 0.5, np.float32),
        masks,
        raw_masks=0.75 * masks + 0.25 / (1 + classes) if cam else None,
        unrefined=np.roll(labels, 3, axis=0) if crf else None,
    )


def evaluated(class_names=CLASSES, names=("a", "b", "c", "d", "e"), *, keep=3, crf=True, cam=True):
    """Metrics of the evaluation and the examples that it collected."""
    count = len(class_names)
    images = {name: image(number) for number, name in enumerate(names)}
    masks = {name: truth_of(number, count) for number, name in enumerate(names)}
    predictions = iter([prediction_of(number, count, crf=crf, cam=cam) for number in range(len(names))])
    examples = ExampleCollector(class_names, keep)
    metrics = evaluate(
        one_by_one(lambda _: next(predictions)),
        MemoryDataset(class_names, images, masks=masks),
        "val",
        on_image=examples.add,
        progress=False,
    )
    return metrics, examples


def write(path, *arguments, **options):
    """Writes a report of such an evaluation, and returns its metrics."""
    metrics, examples = evaluated(*arguments, **options)
    write_report(path, metrics, examples, title="mine on scenes, val split", settings=SETTINGS)
    return metrics
