"""`convert-weights`: PyTorch checkpoints into weights for these networks, and back."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("source", metavar="FILE", help="a .pth checkpoint; or a run's folder or .weights.h5 file")
    parser.add_argument("--to", required=True, metavar="FILE", help="what to write: FILE.weights.h5, or FILE.pth")
    parser.add_argument(
        "--kind",
        choices=("auto", "imagenet", "efficientnet_lite0", "efficientnet_lite2", "ssss", "wsfcn"),
        default="auto",
        help="what the checkpoint is (default: told by its tensors' names)",
    )
    parser.add_argument("--classes", metavar="FILE", help="class names, one per line (default: VOC's or COCO's)")


def run(arguments: argparse.Namespace) -> None:
    """Converts, and prints what was found and written."""
    from wsfcn_tf.data.tags.class_names import read_class_names
    from wsfcn_tf.weights.conversion import convert_back, convert_checkpoint

    if arguments.to.endswith((".pth", ".pt")):
        convert_back(arguments.source, arguments.to)
    else:
        names = read_class_names(Path(arguments.classes)) if arguments.classes else None
        convert_checkpoint(arguments.source, arguments.to, arguments.kind, names)
