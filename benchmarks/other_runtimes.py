"""A network in TensorFlow Lite and ONNX Runtime: size, speed and mIoU beside the original.

    python -m benchmarks.other_runtimes RUN [--data FOLDER] [--size HxW] [--photos N]

Prints one table, of the val split. Every photo is resized to one size and its masks back, as `export --inner-size`
does; scenes stay as they are. What a runtime does not convert is in the table with the reason.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from benchmarks.measure import alternating_seconds, where
from wsfcn_tf.config import CRFConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix, mean_iou
from wsfcn_tf.serving.export import weights_bytes
from wsfcn_tf.serving.graph.rules import labels_at
from wsfcn_tf.serving.graph.segmenter import ExportConfig, Segmenter
from wsfcn_tf.serving.graph.views import resize_bicubic
from wsfcn_tf.serving.runtimes import SUFFIXES, convert
from wsfcn_tf.weights.trained import load_trained

_ROUNDS = 30


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("--data")
    parser.add_argument("--size", help="HxW of every photo (default: the first one's)")
    parser.add_argument("--photos", type=int, help="the first ones only")
    arguments = parser.parse_args()
    trained = load_trained(arguments.weights)
    dataset = trained.dataset(arguments.data)
    names = dataset.names("val")[: arguments.photos]
    size = tuple(map(int, arguments.size.split("x"))) if arguments.size else dataset.image(names[0]).shape[:2]
    config = ExportConfig(replace(trained.config.inference, scales=(1.0,), flip=False, crf=CRFConfig()), size)
    segmenter = Segmenter(trained.model, trained.class_names, config)
    runners = {"TensorFlow": lambda image: segmenter.probabilities(image)["masks"].numpy()[0]}
    sizes = {"TensorFlow": weights_bytes(trained)}
    refused = {}
    with tempfile.TemporaryDirectory() as folder:
        for runtime, suffix in SUFFIXES.items():
            file = Path(folder) / f"{runtime}{suffix}"
            try:
                convert(trained, config, file, runtime)
            except UserError as error:
                refused[runtime] = error
                continue
            sizes[runtime] = file.stat().st_size
            runners[runtime] = _onnx(file) if suffix == ".onnx" else _tflite(file)
        matrices = dict.fromkeys(runners, 0)
        others, largest = dict.fromkeys(runners, 0), dict.fromkeys(runners, 0.0)
        pixels = 0
        for name in tqdm(names):
            image, truth = dataset.image(name), dataset.mask(name)
            view = resize_bicubic(image[None], tf.constant(size)).numpy()
            masks = {runtime: run(view) for runtime, run in runners.items()}
            labels = {runtime: labels_at(tf.constant(found), truth.shape).numpy() for runtime, found in masks.items()}
            pixels += truth.size
            for runtime, found in labels.items():
                matrices[runtime] += confusion_matrix(truth, found, 1 + len(trained.class_names))
                others[runtime] += np.count_nonzero(found != labels["TensorFlow"])
                largest[runtime] = max(largest[runtime], abs(masks[runtime] - masks["TensorFlow"]).max())
        seconds = alternating_seconds({name: (lambda run=run: run(view)) for name, run in runners.items()}, _ROUNDS)
    print(f"{where()}; {len(names)} photos at {size[0]}x{size[1]}\n")
    print("| runtime | MB | mIoU | other labels, % of pixels | largest difference of masks | ratio of time |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in runners:
        print(
            f"| {name} | {sizes[name] / 1e6:.1f} | {100 * mean_iou(matrices[name]):.2f} | "
            f"{100 * others[name] / pixels:.3f} | {largest[name]:.1e} | {seconds[name] / seconds['TensorFlow']:.2f} |"
        )
    for runtime, error in refused.items():
        print(f"| {runtime} | refused: {error} |||||")
    print(f"\nTensorFlow: {1000 * seconds['TensorFlow']:.0f} ms a photo (median of {_ROUNDS}).")


def _tflite(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    interpreter = tf.lite.Interpreter(str(file), num_threads=2)
    run = interpreter.get_signature_runner()
    return lambda images: run(images=images)["masks"][0]


def _onnx(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    return lambda images: session.run(["masks"], {"images": images})[0][0]


if __name__ == "__main__":
    main()
