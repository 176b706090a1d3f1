"""Parts that run the networks in this process: versions, goldens, training steps, PAMR, inference."""

import argparse
import gc
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from benchmarks.measure import peak_gigabytes, where
from wsfcn_tf import build_model
from wsfcn_tf.config import InferenceConfig, ModelConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.ops import pamr, pamr_tagged
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.training import Objective, build_optimizer
from wsfcn_tf.training.loop import compile_step
from wsfcn_tf.weights import load_torch_state_dict
from wsfcn_tf.weights.precision import precision

_CLASSES, _MAX_TAGS, _TAGS = 20, 6, (2, 14)
_ON_GPU = bool(tf.config.list_physical_devices("GPU"))
_TESTS = str(Path(__file__).parents[2] / "tests")

# === Versions ===


def versions(options: argparse.Namespace) -> None:
    """What this is."""
    print(f"# {where()}\n")
    for gpu in tf.config.list_physical_devices("GPU"):
        print(tf.config.experimental.get_device_details(gpu))
    built = tf.sysconfig.get_build_info()
    print(f"built for CUDA {built.get('cuda_version')}, cuDNN {built.get('cudnn_version')}")
    if _ON_GPU:
        query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.sm", "--format=csv,noheader"]
        print(subprocess.run(query, capture_output=True, text=True).stdout.strip())
    for dtype, size in ((tf.float32, 8192), (tf.bfloat16, 8192)):
        matrix = tf.cast(tf.random.normal([size if _ON_GPU else 512] * 2), dtype)
        seconds = _seconds(tf.function(lambda m=matrix: tf.reduce_sum(m @ m)), 10)
        print(f"matrix product {dtype.name} (TF32 on): {2 * matrix.shape[0] ** 3 / seconds / 1e12:.1f} TFLOP/s")


# === Goldens ===


def goldens(options: argparse.Namespace) -> None:
    """Both releases' networks: largest deviation from the authors' outputs, relative to each output's scale."""
    sys.path.insert(0, _TESTS)
    from golden import recipe
    from golden import steps as golden_steps

    print("\n| goldens, largest deviation | logits | scores | masks |\n|---|---:|---:|---:|")
    for name, config in (("wsfcn", {}), ("ssss", {"context": "aspp", "fusion": "gci"})):
        arrays, state = recipe.load(f"{name}_network"), recipe.state_dict(name)
        for kind, dtype, tf32 in (
            ("float32", "float32", False),
            ("TF32", "float32", True),
            ("bfloat16", "bfloat16", True),
        ):
            tf.config.experimental.enable_tensor_float_32_execution(tf32)
            with precision(dtype):
                model = build_model(ModelConfig(num_classes=_CLASSES, **config))
            load_torch_state_dict(model, state)
            outputs = model(normalise(arrays["eval_image"]), training=False)
            found = (outputs["logits"][..., 1:], outputs["scores"], outputs["masks"][:, ::2, ::2])
            expected = (arrays["eval_logits"], arrays["eval_cls"], arrays["eval_masks"])
            pairs = zip(found, expected, strict=True)
            cells = (np.abs(ours - theirs).max() / np.abs(theirs).max() for ours, theirs in pairs)
            print(f"| {name}, {kind} |" + "".join(f" {cell:.1e} |" for cell in cells), flush=True)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    for name in ("wsfcn", "ssss"):
        steps = golden_steps.run(name)
        expected = steps.arrays["train_losses_3_steps"]
        relative = np.abs(np.array(steps.losses) - expected) / expected
        print(
            f"\nthree golden steps, {name}, float32: losses off by (classification, mask) {relative.round(6).tolist()}"
        )
        norms = list(golden_steps.norm_deviations(steps).values())
        print(f"gradient norms off by {max(norms):.1e} at most, median {np.median(norms):.1e}", flush=True)


# === Training steps ===


class Variant(NamedTuple):
    """One way to compute a training step."""

    name: str
    precision: str = "float32"
    tf32: bool = True
    xla: bool = False
    rematerialise: bool = False
    layout: bool = True


def steps(options: argparse.Namespace) -> None:
    """Steps of `voc2012.yaml` without XLA."""
    _table(
        options,
        Variant("TF32"),
        Variant("bfloat16", "bfloat16"),
        Variant("bfloat16, layout optimiser off", "bfloat16", layout=False),
        Variant("bfloat16, rematerialised", "bfloat16", rematerialise=True),
        Variant("float32", tf32=False),
    )


def xla(options: argparse.Namespace) -> None:
    """The same with XLA."""
    _table(
        options,
        Variant("bfloat16, XLA", "bfloat16", xla=True),
        Variant("TF32, XLA", xla=True),
        Variant("bfloat16, XLA, rematerialised", "bfloat16", xla=True, rematerialise=True),
    )


def _table(options: argparse.Namespace, *variants: Variant) -> None:
    shape = f"{options.side}x{options.side}, batch {options.batch}"
    print(f"\n| step, {shape} | ms | images/s | peak memory, GB | first step, s |\n|---|---:|---:|---:|---:|")
    for variant in variants:
        try:
            print(f"| {variant.name} | {_step_row(options, variant)} |", flush=True)
        except Exception as error:
            print(f"| {variant.name} | {type(error).__name__}: {str(error).splitlines()[0][:160]} | | | |", flush=True)
        keras.backend.clear_session()
        gc.collect()


def _step_row(options: argparse.Namespace, variant: Variant) -> str:
    tf.config.experimental.enable_tensor_float_32_execution(variant.tf32)
    tf.config.optimizer.set_experimental_options({"layout_optimizer": variant.layout})
    random = np.random.default_rng(0)
    held = _memory("current")  # by the networks before, which TensorFlow does not let go
    with precision(variant.precision):
        model = build_model(ModelConfig(num_classes=_CLASSES, width=options.width, rematerialise=variant.rematerialise))
        objective = Objective(SelfSupervisionConfig(), _MAX_TAGS)
        model.compile(build_optimizer(model, TrainingConfig()), objective, xla=variant.xla)
        images = tf.constant(random.standard_normal((options.batch, options.side, options.side, 3)), tf.float32)
        tags = tf.reduce_sum(tf.one_hot([_TAGS] * options.batch, _CLASSES), axis=1)
        step = compile_step(tf.distribute.get_strategy(), model)
        start = time.perf_counter()
        step(images, tags, True)["loss"].numpy()
        first = time.perf_counter() - start
        _reset_memory()
        seconds = _seconds(lambda: step(images, tags, True)["loss"], 8)
    return f"{seconds * 1e3:.0f} | {options.batch / seconds:.1f} | {_memory('peak') - held:.1f} | {first:.0f}"


# === PAMR and inference ===


def refinement(options: argparse.Namespace) -> None:
    """Ours; the release's formulation in PyTorch is in the part `pytorch`."""
    side = (options.side + 3) // 4
    print("\n| PAMR, TensorFlow, 10 iterations | ms |\n|---|---:|")
    random = np.random.default_rng(0)
    images = tf.constant(random.random((options.batch, side, side, 3)), tf.float32)
    masks = tf.nn.softmax(
        tf.constant(random.standard_normal((options.batch, side, side, 1 + _CLASSES)) * 3, tf.float32)
    )
    tags = tf.reduce_sum(tf.one_hot([_TAGS] * options.batch, _CLASSES), axis=1)
    shape = f"{options.batch} x {side} x {side}"
    print(f"| {shape} x 21 | {1e3 * _seconds(lambda: pamr(images, masks), 20):.2f} |", flush=True)
    tagged = _seconds(lambda: pamr_tagged(images, masks, tags, _MAX_TAGS), 20)
    print(f"| {shape} x 7: tagged channels only | {1e3 * tagged:.2f} |", flush=True)


def inference(options: argparse.Namespace) -> None:
    """The forward pass, and whole photos through `Predictor`."""
    tf.config.experimental.enable_tensor_float_32_execution(True)
    random = np.random.default_rng(0)
    scale = options.side / 321
    photos = [random.integers(0, 256, (round(375 * scale), round(500 * scale), 3), np.uint8) for _ in range(4)]
    print("\n| inference, WS-FCN | |\n|---|---:|")
    for dtype, called in (("bfloat16", "bfloat16"), ("float32", "TF32")):
        with precision(dtype):
            model = build_model(ModelConfig(num_classes=_CLASSES, width=options.width))
        for name, config in {
            "500x375, single scale": InferenceConfig(),
            "500x375, four scales and flips": InferenceConfig(scales=(1, 0.5, 1.5, 2), flip=True),
        }.items():
            predictor = Predictor(model, config)
            predictor.mean_of_views(photos[0])
            start = time.perf_counter()
            for photo in photos:
                predictor.mean_of_views(photo)
            rate = len(photos) / (time.perf_counter() - start)
            print(f"| {called}: {name} | {rate:.2f} photos/s |", flush=True)
        for count in sorted({1, options.batch}):
            images = tf.constant(random.standard_normal((count, options.side, options.side, 3)), tf.float32)
            forward = tf.function(lambda x, model=model: model(x, training=False))
            ms = 1e3 * _seconds(lambda f=forward, x=images: f(x)["scores"], 10)
            print(f"| {called}: forward, {options.side}x{options.side}, batch {count} | {ms:.1f} ms |", flush=True)


# === Measuring ===


def _seconds(function: Callable[[], object], count: int) -> float:
    """Of one call, in the mean of `count` that are queued one after another; two before are not counted."""
    count = count if _ON_GPU else 1
    for _ in range(2):
        _wait(function())
    start = time.perf_counter()
    for _ in range(count):
        result = function()
    _wait(result)
    return (time.perf_counter() - start) / count


def _wait(result: object) -> None:
    for tensor in tf.nest.flatten(result):
        tensor.numpy()


def _reset_memory() -> None:
    if _ON_GPU:
        tf.config.experimental.reset_memory_stats("GPU:0")


def _memory(kind: str) -> float:
    """Of kind "peak" or "current", in GB; the process's peak memory where there is no GPU."""
    return tf.config.experimental.get_memory_info("GPU:0")[kind] / 1e9 if _ON_GPU else peak_gigabytes()
