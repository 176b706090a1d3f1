"""The same network, losses and PAMR in PyTorch, on the same card."""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.torch_network import TorchWSFCN, torch_loss, torch_optimizer, torch_pamr

_CLASSES, _TAGS = 20, (2, 14)


def pytorch(options: argparse.Namespace) -> None:
    """Steps, forward passes, PAMR."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(f"\nPyTorch {torch.__version__}, {name}\n")
    random = np.random.default_rng(0)
    images = torch.tensor(random.standard_normal((options.batch, 3, options.side, options.side)), dtype=torch.float32)
    images = images.to(device)
    tags = torch.zeros(options.batch, _CLASSES, device=device)
    tags[:, list(_TAGS)] = 1
    side = (options.side + 3) // 4
    small = torch.rand(options.batch, 3, side, side, device=device)
    masks = torch.randn(options.batch, 1 + _CLASSES, side, side, device=device).mul(3).softmax(1)
    with torch.no_grad():
        ms = 1e3 * _seconds(lambda: torch_pamr(small, masks), 5)
    print(
        f"\nPAMR by one-hot convolutions, {options.batch} x {side} x {side} x {1 + _CLASSES}: {ms:.2f} ms", flush=True
    )
    shape = f"{options.side}x{options.side}, batch {options.batch}"
    print(f"| PyTorch, {shape} | step, ms | images/s | peak memory, GB | forward, ms |\n|---|---:|---:|---:|---:|")
    for kind, tf32, half, layout in (
        ("bfloat16 autocast, channels last", True, True, torch.channels_last),
        ("TF32", True, False, torch.contiguous_format),
        ("TF32, channels last", True, False, torch.channels_last),
        ("float32", False, False, torch.contiguous_format),
    ):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        model = TorchWSFCN(_CLASSES).to(device, memory_format=layout)
        optimizer = torch_optimizer(model)
        batch = images.to(memory_format=layout)

        def step(model=model, optimizer=optimizer, batch=batch, half=half) -> torch.Tensor:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device, torch.bfloat16, enabled=half):
                loss = torch_loss(model, batch, tags)
            loss.backward()
            optimizer.step()
            return loss

        def forward(model=model, batch=batch, half=half) -> torch.Tensor:
            with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=half):
                return model(batch)[1]

        model.train()
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        seconds = _seconds(step, 8)
        memory = torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else float("nan")
        model.eval()
        ahead = _seconds(forward, 10)
        row = f"{seconds * 1e3:.0f} | {options.batch / seconds:.1f} | {memory:.1f} | {ahead * 1e3:.1f}"
        print(f"| {kind} | {row} |", flush=True)
        del model, optimizer, step, forward


def _seconds(function: Callable[[], torch.Tensor], count: int) -> float:
    """As in `network`."""
    count = count if torch.cuda.is_available() else 1
    for _ in range(2):
        function().sum().item()
    start = time.perf_counter()
    for _ in range(count):
        result = function()
    result.sum().item()
    return (time.perf_counter() - start) / count
