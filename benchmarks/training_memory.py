"""What backpropagation keeps of one training step, counted in the graph of the real network.

Run `python -m benchmarks.training_memory voc`, or `coco`. Nothing is computed: a step of its config, with both losses,
is traced at batch 1 and 2, and every tensor that the forward half makes and the gradients need is counted once, by
its shape and type; the difference is an image's share. Views of a tensor count as it, weights do not. What it does not
see: cuDNN's workspace, fragmentation, and what lives for a moment within the backward half.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import NamedTuple

import keras
import tensorflow as tf

from benchmarks.measure import where
from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.reading import load_config
from wsfcn_tf.models import build_model
from wsfcn_tf.models.counting import count_parameters
from wsfcn_tf.training import Objective
from wsfcn_tf.weights.precision import precision

# its output is its input, in other words or in another shape
_VIEWS = ("Identity", "IdentityN", "Reshape", "StopGradient", "PreventGradient", "Squeeze", "ExpandDims")
_DATA = {"voc": ("configs/voc2012.yaml", 20), "coco": ("configs/coco2014.yaml", 80)}
_MAX_TAGS, _BATCH = 6, 16
_GPUS = (1, 2, 4, 8)
_GIGA = 1e9


class Kept(NamedTuple):
    """Bytes that one step keeps, of which operations, and its network's parameters: all, and those that are trained."""

    bytes: int
    by_operation: Counter
    parameters: int
    trained: int


def kept(config: ExperimentConfig, classes: int, batch: int) -> Kept:
    """Traces a step and counts."""
    keras.backend.clear_session()
    with precision(config.training.precision):
        model = build_model(replace(config.model, num_classes=classes))
    objective = Objective(config.self_supervision, _MAX_TAGS)
    forward: set[str] = set()

    @tf.function
    def step(images: tf.Tensor, tags: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            outputs = model(images, training=True, seed=tf.constant([0, 0]))
            loss = tf.reduce_mean(objective(images, tags, outputs, True, 0)["loss"])
        forward.update(operation.name for operation in loss.graph.get_operations())
        return tape.gradient(loss, model.trainable_variables)

    side = config.data.crop_size
    traced = step.get_concrete_function(
        tf.TensorSpec([batch, side, side, 3]), tf.TensorSpec([batch, classes], tf.float32)
    )
    by_operation: Counter = Counter()
    for source in _read(traced.outputs, forward):
        by_operation[source.op.type] += _bytes(source)
    return Kept(by_operation.total(), by_operation, *count_parameters(model))


def _read(gradients: Sequence[tf.Tensor], forward: Set[str]) -> list[tf.Tensor]:
    """What of the forward half, by its operations' names, the gradients are made of, weights left out.

    It starts from the gradients: what else a tape adds to the graph, as for frozen weights, is never computed.
    """
    read, seen, after = {}, set(), [tensor.op for tensor in gradients]
    while after:
        for tensor in after.pop().inputs:
            source = _source(tensor)
            if source.op.name in forward:
                read[source.name] = source
            elif source.op.name not in seen:
                seen.add(source.op.name)
                after.append(source.op)
    return [source for source in read.values() if not _is_weight(source)]


def _source(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type in _VIEWS:
        tensor = tensor.op.inputs[tensor.value_index if tensor.op.type == "IdentityN" else 0]
    return tensor


def _is_weight(tensor: tf.Tensor) -> bool:
    """A weight, a weight in half precision, or a constant."""
    operation = tensor.op
    if operation.type == "Cast" and operation.inputs:
        operation = _source(operation.inputs[0]).op
    return operation.type in ("ReadVariableOp", "Const", "Placeholder", "VarHandleOp") or tensor.dtype == tf.resource


def _bytes(tensor: tf.Tensor) -> int:
    count = tensor.shape.num_elements()
    if tensor.op.type == "FusedBatchNormV3" and tensor.value_index == 5:
        return 0  # cuDNN's reserve: empty on a CPU
    if count is None:
        raise ValueError(f"{tensor.name} ({tensor.op.type}) has no static shape")
    return count * tensor.dtype.size


def main() -> None:
    """Prints two tables: what an image costs, and memory per GPU at a global batch of 16."""
    print(f"{where()}\n")
    path, classes = _DATA[sys.argv[1]]
    base = load_config(path)
    variants = {}
    for precision_name in ("float32", "bfloat16"):
        for rematerialise in (False, True):
            config = replace(
                base,
                model=replace(base.model, rematerialise=rematerialise),
                training=replace(base.training, precision=precision_name),
            )
            one, two = kept(config, classes, 1), kept(config, classes, 2)
            name = precision_name + (", rematerialised" if rematerialise else "")
            variants[name] = (two.bytes - one.bytes, 2 * one.bytes - two.bytes, one)
            if name == "float32":
                by_operation = two.by_operation - one.by_operation
    print("| | MB an image | MB besides |\n|---|---:|---:|")
    for name, (image, rest, _) in variants.items():
        print(f"| {name} | {image / 1e6:.0f} | {rest / 1e6:.0f} |")
    print("\n| an image's share by operation, float32 | MB |\n|---|---:|")
    for operation, count in by_operation.most_common(8):
        print(f"| {operation} | {count / 1e6:.0f} |")
    _, _, found = variants["float32"]
    # float32 with any precision: all weights; gradient and momentum of those that are trained
    state = 4 * (found.parameters + 2 * found.trained)
    print(f"\nWeights, gradients and momenta: {state / _GIGA:.2f} GB on every GPU\n")
    print("| GB on each GPU at batch 16 |" + "".join(f" {gpus} |" for gpus in _GPUS))
    print("|---|" + "---:|" * len(_GPUS))
    for name, (image, rest, _) in variants.items():
        cells = (f" {(state + rest + image * _BATCH / gpus) / _GIGA:.1f} |" for gpus in _GPUS)
        print(f"| {name} |" + "".join(cells))


if __name__ == "__main__":
    main()
