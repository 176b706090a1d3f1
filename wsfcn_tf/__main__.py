"""The command line: `python -m wsfcn_tf COMMAND ...`."""

import argparse
import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from wsfcn_tf import __version__
from wsfcn_tf.commands import SUMMARIES
from wsfcn_tf.errors import Stopped, UserError


def process(argv: Sequence[str] | None = None) -> int:
    """`main` as all that this process does: it looks for cyclic garbage rarely, and no longer when it ends.

    Most of what importing TensorFlow and tracing a network make stays: looking through it took a fifth of the time to a
    first mask, and a second at the end. Not for a process that does anything else, such as one of tests.
    """
    gc.set_threshold(50_000, 20, 100)
    atexit.register(gc.freeze)
    return main(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status.

    Args:
        argv: the words behind the program's name; None takes those of this process.

    Returns:
        0 after success, 2 after a mistake of the user (told in one line on stderr), 130 after Ctrl-C, 75 after a
        SIGTERM to a training, which has saved its state.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes would bury ours
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # and so would gRPC's note of each attempt
    arguments = _parser(argv).parse_args(argv)
    try:
        _module(arguments.command).run(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return stopped.status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m wsfcn_tf", description="Segmentation learned from image tags.")
    parser.add_argument("--version", action="version", version=f"wsfcn-tf {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in SUMMARIES.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name in argv[:1]:
            _module(name).add_arguments(command)
    return parser


def _module(command: str) -> ModuleType:
    return import_module(f"wsfcn_tf.commands.{command.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(process())
