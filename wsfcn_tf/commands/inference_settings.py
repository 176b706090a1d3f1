"""`--set` of the commands that use a trained network: its inference section, changed for this once."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsfcn_tf.config import InferenceConfig
    from wsfcn_tf.weights.trained import Trained


def add_set_argument(parser: argparse.ArgumentParser) -> None:
    """Declares `--set KEY=VALUE`."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the run's inference section, such as inference.background_value=0.15; may be repeated",
    )


def add_crf_argument(parser: argparse.ArgumentParser) -> None:
    """Declares `--crf-processes N`."""
    parser.add_argument(
        "--crf-processes",
        type=int,
        metavar="N",
        help="how many processes compute the dense CRF (default: one per core); changes no result",
    )


def inference_of(trained: "Trained", arguments: argparse.Namespace) -> "InferenceConfig":
    """The network's own settings with those of `--set` laid over. Raises UserError if one is wrong."""
    from wsfcn_tf.config_file import override
    from wsfcn_tf.errors import UserError

    if getattr(arguments, "crf_processes", None) is not None and arguments.crf_processes < 1:
        raise UserError(f"--crf-processes must be at least 1, not {arguments.crf_processes}")
    return override(trained.config, arguments.set, ("inference",)).inference
