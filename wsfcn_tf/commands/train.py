"""`train`: from photos and tags to a network."""

import argparse
import os
import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from wsfcn_tf.commands.cluster_options import add_cluster_arguments, cluster_of

if TYPE_CHECKING:
    from wsfcn_tf.config import ExperimentConfig

_MAX_FAILURES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument(
        "--config",
        required=True,
        help="the experiment: a YAML file, or the name of a shipped one, such as photos_small",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one key of the config, such as data.root=PHOTOS; may be repeated",
    )
    parser.add_argument("--output", required=True, help="folder of the run")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run in --output exactly; begin one if there is none",
    )
    add_cluster_arguments(parser, with_crf=False)
    parser.add_argument(
        "--max-failures",
        type=int,
        metavar="N",
        help=f"with --workers: how often all may be started again after one was lost (default: {_MAX_FAILURES}; -1: "
        "always)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Trains."""
    if platform.machine() in ("x86_64", "AMD64"):
        # Before TensorFlow is imported. It does without on CPUs that lack AVX512-VNNI; with it, a step takes 0.8 to
        # 0.85 of the time there (benchmarks/onednn.md).
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    from wsfcn_tf.config.reading import load_config
    from wsfcn_tf.errors import UserError

    cluster = cluster_of(arguments)
    if arguments.max_failures is not None and cluster is None:
        raise UserError("--max-failures needs --workers N, the number of processes")
    config = load_config(arguments.config, arguments.set)
    if cluster is None:
        train_here(config, arguments.output, arguments.resume)
        return
    from wsfcn_tf.cluster.training import train_on

    failures = _MAX_FAILURES if arguments.max_failures is None else arguments.max_failures
    train_on(cluster, train_here, config, arguments.output, resume=arguments.resume, max_failures=failures)


def train_here(config: "ExperimentConfig", output: str, resume: bool, asked_to_stop: Callable[[], str] = str) -> None:
    """Trains in this process, with the others that `TF_CONFIG` names; see `wsfcn_tf.training.train`."""
    from wsfcn_tf.cluster.stores import run_of
    from wsfcn_tf.data.datasets.dataset import open_dataset
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.files.remote import is_url
    from wsfcn_tf.runs.folder import WEIGHTS, RunFolder
    from wsfcn_tf.training import train
    from wsfcn_tf.training.distribution import is_chief, open_strategy
    from wsfcn_tf.training.experiment import with_rounds

    strategy = open_strategy()  # before the dataset, which may use TensorFlow
    dataset = open_dataset(config.data, tell=print)
    with run_of(output, writes=is_chief(strategy)) as folder:
        run = RunFolder(folder)
        if is_url(output) and with_rounds(config, dataset, run).self_supervision.rounds > 1:
            raise UserError(
                f"{output}: several self_supervision.rounds need an --output on this machine, for their masks: choose "
                "one, or add --set self_supervision.rounds=1"
            )
        train(config, dataset, run, resume=resume, strategy=strategy, asked_to_stop=asked_to_stop)
    if is_chief(strategy):
        print(f"trained network: {output.rstrip('/')}/{WEIGHTS}")
