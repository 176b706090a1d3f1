"""What PAMR as a last step inside an exported graph gains, beside the dense CRF, which cannot be exported.

    python -m benchmarks.export_refinement RUN [--data FOLDER] [--split val]

Prints one table: mIoU and pixel accuracy of the same masks with no refinement, PAMR, and the dense CRF with two
backgrounds, and the CPU seconds that each takes a photo, in turns.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from benchmarks.measure import where
from wsfcn_tf.config import CRFConfig
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix, mean_iou, pixel_accuracy
from wsfcn_tf.inference.crf import dense_crf
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.inference.rules import to_labels
from wsfcn_tf.serving.graph.refinement import refine
from wsfcn_tf.weights.trained import load_trained

_CRF = CRFConfig(iterations=10)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("--data")
    parser.add_argument("--split", default="val")
    arguments = parser.parse_args()
    trained = load_trained(arguments.weights)
    dataset = trained.dataset(arguments.data)
    predict = Predictor(trained.model, replace(trained.config.inference, crf=CRFConfig(), photo_side=None))
    graph = _pamr_graph(1 + len(trained.class_names))
    methods = {
        "none": lambda image, masks: masks,
        "PAMR in the graph, 10 iterations": lambda image, masks: graph(image[None], masks[None])[0].numpy(),
        "dense CRF, background (1 - foreground)^5": _crf_of_power,
        "dense CRF, background of the rule": lambda image, masks: dense_crf(image, masks, _CRF),
    }
    matrices = dict.fromkeys(methods, 0)
    seconds = {name: [] for name in methods}
    names = dataset.names(arguments.split)
    for photo in tqdm(names):
        image, truth = dataset.image(photo), dataset.mask(photo)
        masks = predict(image).masks
        for name, method in methods.items():
            start = time.process_time()
            refined = method(image, masks)
            seconds[name].append(time.process_time() - start)
            matrices[name] += confusion_matrix(truth, to_labels(refined), masks.shape[-1])
    print(
        f"{where()}; {len(names)} photos\n\n"
        "| refinement | mIoU | pixel accuracy | CPU s a photo |\n|---|---:|---:|---:|"
    )
    for name, matrix in matrices.items():
        time_taken = np.median(seconds[name])
        print(f"| {name} | {100 * mean_iou(matrix):.2f} | {100 * pixel_accuracy(matrix):.2f} | {time_taken:.3f} |")


def _pamr_graph(channels: int) -> Callable[..., tf.Tensor]:
    signature = [tf.TensorSpec([1, None, None, 3], tf.uint8), tf.TensorSpec([1, None, None, channels], tf.float32)]
    return tf.function(refine, input_signature=signature, autograph=False)


def _crf_of_power(image: np.ndarray, masks: np.ndarray) -> np.ndarray:
    masks = masks.copy()
    masks[..., 0] = (1.0 - masks[..., 1:].max(axis=-1)) ** _CRF.background_power
    return dense_crf(image, masks, _CRF)


if __name__ == "__main__":
    main()
