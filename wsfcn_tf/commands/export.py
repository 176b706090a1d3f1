"""`export`: a trained network as a SavedModel, or as one file for another runtime."""

import argparse
import re

from wsfcn_tf.commands.inference_settings import add_inference_arguments, inference_of
from wsfcn_tf.errors import UserError

_PIXELS, _INNER_PIXELS = 4_194_304, 33_554_432
_FAR = 3  # times the crops' size; photos are larger than crops, and views of crops larger or smaller


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("weights", metavar="RUN_OR_WEIGHTS", help="a run's folder, or a .weights.h5 file in one")
    add_inference_arguments(parser)
    parser.add_argument("--output", required=True, help="folder to make, such as models/mine/1")
    parser.add_argument(
        "--inner-size",
        metavar="HxW",
        help="resize every photo to this, or to this many pixels in height and width, and its masks back, so that "
        "photos of all sizes are one batch (default: each photo in its own size, or by inference.photo_side, one after "
        "the other)",
    )
    parser.add_argument(
        "--format",
        choices=("saved-model", "tflite-float16", "tflite-int8", "onnx"),
        default="saved-model",
        help="a SavedModel, or one file for another runtime and one size of photos",
    )
    parser.add_argument("--precision", choices=("float32", "float16", "bfloat16"), default="float32")
    parser.add_argument("--refine", choices=("none", "pamr"), default="none", help="move borders to image borders")
    parser.add_argument("--max-bytes", type=int, default=20_000_000, help="of an encoded photo (default: 20 million)")
    parser.add_argument(
        "--max-pixels",
        type=int,
        help=f"of a photo; of the batch where it is an array (default: {_PIXELS}; {_INNER_PIXELS} with --inner-size or "
        "inference.photo_side)",
    )
    parser.add_argument("--max-side", type=int, default=8192, help="height or width of a photo (default: 8192)")
    parser.add_argument("--max-batch", type=int, default=32, help="photos in a request (default: 32)")


def run(arguments: argparse.Namespace) -> None:
    """Exports."""
    from wsfcn_tf.serving.export import export
    from wsfcn_tf.serving.graph.limits import Limits
    from wsfcn_tf.serving.graph.segmenter import ExportConfig
    from wsfcn_tf.weights.trained import load_trained

    inner_size = _inner_size(arguments.inner_size)
    trained = load_trained(arguments.weights)
    inference = inference_of(trained, arguments)
    pixels = arguments.max_pixels
    if pixels is None:
        pixels = _PIXELS if inner_size is None and inference.photo_side is None else _INNER_PIXELS
    limits = Limits(arguments.max_bytes, pixels, arguments.max_side, arguments.max_batch)
    config = ExportConfig(inference, inner_size, arguments.refine, limits)
    if arguments.format == "saved-model":
        export(trained, config, arguments.output, arguments.precision)
        print(f"SavedModel: {arguments.output}")
        if note := size_note(inner_size, trained.config.data.crop_size):
            print(note)
    elif arguments.precision != "float32":
        raise UserError(f"--precision is for SavedModels: --format {arguments.format} says what weights are stored in")
    else:
        from wsfcn_tf.serving.runtimes import convert

        convert(trained, config, arguments.output, arguments.format)
        print(f"{arguments.format}: {arguments.output}")


def size_note(inner_size: tuple[int, int] | None, crop_size: int) -> str | None:
    """What is said of an inner size that is far from what the network was trained on; None if it is near."""
    if inner_size is None or (max(inner_size) <= _FAR * crop_size and min(inner_size) * _FAR >= crop_size):
        return None
    return (
        f"note: --inner-size {inner_size[0]}x{inner_size[1]} is far from the crops of {crop_size} pixels that it was "
        "trained on: a network knows things at the size that they had there"
    )


def _inner_size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?", text)
    if not match:
        raise UserError(
            f"--inner-size: {text} is neither HEIGHTxWIDTH nor one number of pixels, such as 384x512 or 512"
        )
    return int(match[1]), int(match[2] or match[1])
