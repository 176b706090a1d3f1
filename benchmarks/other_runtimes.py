"""A network on the embedded scenes in TensorFlow Lite and ONNX Runtime: size, speed and mIoU beside the original.

    python -m benchmarks.other_runtimes RUN

RUN was trained on scenes. Prints one table. What a runtime does not convert is in the table with the reason.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.measure import alternating_seconds, where
from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.metrics import confusion_matrix, mean_iou
from wsfcn_tf.inference.background import to_labels
from wsfcn_tf.serving.runtimes import SUFFIXES, convert
from wsfcn_tf.serving.segmenter import ExportConfig, Segmenter
from wsfcn_tf.weights.trained import load_trained

_ROUNDS = 30


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    trained = load_trained(parser.parse_args().weights)
    dataset = trained.dataset()
    names = dataset.names("val")
    images = [dataset.image(name) for name in names]
    config = ExportConfig(InferenceConfig(), images[0].shape[:2])
    segmenter = Segmenter(trained.model, trained.class_names, config)
    runners = {"TensorFlow": lambda image: segmenter.probabilities(image[None])["masks"].numpy()[0]}
    sizes = {"TensorFlow": trained.weights.stat().st_size}
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
        masks = {name: [run(image) for image in images] for name, run in runners.items()}
        seconds = alternating_seconds(
            {name: (lambda run=run: run(images[0])) for name, run in runners.items()}, _ROUNDS
        )
    print(f"{where()}; {len(names)} scenes\n")
    print("| runtime | MB | mIoU | other labels, % of pixels | largest difference of masks | ratio of time |")
    print("|---|---:|---:|---:|---:|---:|")
    original = [to_labels(found) for found in masks["TensorFlow"]]
    for name, found in masks.items():
        labels = [to_labels(mask) for mask in found]
        matrix = sum(
            confusion_matrix(dataset.mask(n), x, found[0].shape[-1]) for n, x in zip(names, labels, strict=True)
        )
        other = np.mean(np.array(labels) != np.array(original))
        largest = max(abs(a - b).max() for a, b in zip(found, masks["TensorFlow"], strict=True))
        print(
            f"| {name} | {sizes[name] / 1e6:.1f} | {100 * mean_iou(matrix):.2f} | {100 * other:.3f} | {largest:.1e} | "
            f"{seconds[name] / seconds['TensorFlow']:.2f} |"
        )
    for runtime, error in refused.items():
        print(f"| {runtime} | refused: {error} |||||")
    print(f"\nTensorFlow: {1000 * seconds['TensorFlow']:.0f} ms a scene (median of {_ROUNDS}).")


def _tflite(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    interpreter = tf.lite.Interpreter(str(file), num_threads=2)
    run = interpreter.get_signature_runner()
    return lambda image: run(images=image[None])["masks"][0]


def _onnx(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    return lambda image: session.run(["masks"], {"images": image[None]})[0][0]


if __name__ == "__main__":
    main()
