"""The paper's network here and in PyTorch, in turns on one CPU: forward, training step, PAMR, and a step's memory.

Run `python -m benchmarks.beside_torch` (PyTorch comes with requirements-dev.txt). Both have the same weights and must
give the same logits. Memory is that of a process that takes steps only, with one of the two frameworks in it:
`python -m benchmarks.beside_torch ours`, or `torch`.
"""

import os
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as train.py does

from collections.abc import Callable

import numpy as np

from benchmarks.measure import alternating_seconds, peak_gigabytes, where

_SIDE, _BATCH, _CLASSES, _TAGS = 321, 2, 20, (2, 14)


def main() -> None:
    """Measures and prints; with a word, takes one side's steps and prints this process's peak memory."""
    if sys.argv[1:]:
        step = {"ours": _ours, "torch": _torch}[sys.argv[1]]()["step"]
        for _ in range(2):
            step()
        print(f"{peak_gigabytes():.2f}")
        return
    import torch

    ours, theirs = _ours(), _torch()
    state = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in ours["state"]().items()}
    missing = theirs["model"].load_state_dict(state, strict=False)
    assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys) and not missing.unexpected_keys
    mine, other = ours["forward"](), theirs["forward"]().transpose(0, 2, 3, 1)
    difference = np.abs(mine - other).max() / np.abs(other).max()
    assert difference < 1e-4, difference
    print(f"{where()}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print(f"largest difference of the logits, relative: {difference:.1e}\n")
    print(f"| {_SIDE}x{_SIDE}, float32 | PyTorch | ours | ratio |\n|---|---:|---:|---:|")
    for key, title, rounds in (
        ("forward", "forward, batch 1, s", 5),
        ("step", f"training step, batch {_BATCH}, both losses, s", 2),
        ("pamr", f"PAMR, {_BATCH} x 81 x 81 x {1 + _CLASSES}, s", 7),
    ):
        seconds = alternating_seconds({"torch": theirs[key], "ours": ours[key]}, rounds)
        ratio = seconds["torch"] / seconds["ours"]
        print(f"| {title} | {seconds['torch']:.3f} | {seconds['ours']:.3f} | {ratio:.2f} |", flush=True)
    words = [sys.executable, "-m", "benchmarks.beside_torch"]
    memory = {
        side: float(subprocess.run([*words, side], capture_output=True, text=True, check=True).stdout.split()[-1])
        for side in ("torch", "ours")
    }
    ratio = memory["torch"] / memory["ours"]
    print(f"| peak memory of a process that takes steps, GB | {memory['torch']} | {memory['ours']} | {ratio:.2f} |")


def _data() -> tuple[np.ndarray, np.ndarray]:
    images = np.random.default_rng(0).standard_normal((_BATCH, _SIDE, _SIDE, 3)).astype(np.float32)
    return images, np.eye(_CLASSES, dtype=np.float32)[list(_TAGS)].sum(axis=0)[None].repeat(_BATCH, axis=0)


def _ours() -> dict[str, Callable]:
    import keras
    import tensorflow as tf

    from tests.golden import recipe
    from wsfcn_tf import ModelConfig, build_model
    from wsfcn_tf.config import SelfSupervisionConfig, TrainingConfig
    from wsfcn_tf.ops import pamr
    from wsfcn_tf.training import Objective, build_optimizer
    from wsfcn_tf.training.loop import compile_step
    from wsfcn_tf.weights import load_torch_state_dict
    from wsfcn_tf.weights.torch_state_dict import to_torch_state_dict

    keras.utils.set_random_seed(0)
    model = build_model(ModelConfig(num_classes=_CLASSES))
    load_torch_state_dict(model, recipe.state_dict("wsfcn"))  # drawn so that features neither vanish nor explode
    model.compile(build_optimizer(model, TrainingConfig()), Objective(SelfSupervisionConfig(), max_tags=len(_TAGS)))
    images, tags = map(tf.constant, _data())
    forward = tf.function(lambda: model(images[:1], training=False)["logits"])
    step = compile_step(tf.distribute.get_strategy(), model)
    small, masks = tf.random.uniform([_BATCH, 81, 81, 3]), tf.random.uniform([_BATCH, 81, 81, 1 + _CLASSES])
    return {
        "state": lambda: to_torch_state_dict(model),
        "forward": lambda: forward().numpy(),
        "step": lambda: step(images, tags, True)["loss"].numpy(),
        "pamr": lambda: pamr(small, masks).numpy(),
    }


def _torch() -> dict[str, Callable]:
    import torch

    from benchmarks.torch_network import TorchWSFCN, torch_loss, torch_optimizer, torch_pamr

    torch.manual_seed(0)
    model = TorchWSFCN(_CLASSES)
    optimizer = torch_optimizer(model)
    images, tags = map(torch.from_numpy, _data())
    images = images.permute(0, 3, 1, 2).contiguous()
    small, masks = torch.rand(_BATCH, 3, 81, 81), torch.rand(_BATCH, 1 + _CLASSES, 81, 81)

    def step() -> float:
        model.train()
        optimizer.zero_grad(set_to_none=True)
        loss = torch_loss(model, images, tags)
        loss.backward()
        optimizer.step()
        return loss.item()

    def forward() -> np.ndarray:
        model.eval()
        with torch.no_grad():
            return model(images[:1])[0].numpy()

    def refine() -> np.ndarray:
        with torch.no_grad():
            return torch_pamr(small, masks).numpy()

    return {"model": model, "forward": forward, "step": step, "pamr": refine}


if __name__ == "__main__":
    main()
