"""What the commands that use a trained network can change of its inference section, for this once."""

import argparse
import atexit
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsfcn_tf.config import InferenceConfig
    from wsfcn_tf.segmenter.segmenter import Segmenter
    from wsfcn_tf.weights.trained import Trained


def add_inference_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares `--inference FILE` and `--set KEY=VALUE`."""
    parser.add_argument(
        "--inference",
        action="append",
        default=[],
        metavar="FILE",
        help="a YAML file with an inference section, such as configs/inference/flip.yaml, or the name of a shipped "
        "one, such as inference/flip, laid over the run's; may be repeated",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the run's inference section, such as inference.background_value=0.15; may be repeated. "
        "evaluate takes data.mask_values, too",
    )


def add_crf_argument(parser: argparse.ArgumentParser) -> None:
    """Declares `--crf-processes N`."""
    parser.add_argument(
        "--crf-processes",
        type=int,
        metavar="N",
        help="how many processes compute the dense CRF, and threads saliency and GrabCut (default: one per core); "
        "changes no result",
    )


def opened(arguments: argparse.Namespace) -> "Segmenter":
    """The network of `--weights` with its settings as changed.

    Raises:
        UserError: there is none, or a setting is wrong.
    """
    from wsfcn_tf.cluster.stores import fetched
    from wsfcn_tf.segmenter.segmenter import Segmenter
    from wsfcn_tf.weights.trained import load_trained

    held = ExitStack()  # a copy of what is in a store stays as long as this process
    atexit.register(held.close)
    trained = load_trained(held.enter_context(fetched(arguments.weights)))
    return Segmenter.of(trained, inference_of(trained, arguments), tell_warning)


def tell_warning(line: str) -> None:
    """Prints it above a progress bar, if there is one."""
    from tqdm import tqdm

    tqdm.write(f"warning: {line}", file=sys.stderr)


def inference_of(trained: "Trained", arguments: argparse.Namespace) -> "InferenceConfig":
    """The network's own settings, `--inference` files laid over, then `--set`, and a precision for "auto".

    Raises:
        UserError: one of them is wrong.
    """
    from dataclasses import replace

    from wsfcn_tf.config.reading import lay_file_over, override
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.weights.precision import resolved

    if getattr(arguments, "crf_processes", None) is not None and arguments.crf_processes < 1:
        raise UserError(f"--crf-processes must be at least 1, not {arguments.crf_processes}")
    config = trained.config
    for path in arguments.inference:
        config = lay_file_over(config, path, "inference")
    inference = override(config, arguments.set, ("inference",)).inference
    return replace(inference, precision=resolved(inference.precision))
