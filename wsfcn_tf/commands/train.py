"""`train`: from photos and tags to a network."""

import argparse
import os
import platform


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


def run(arguments: argparse.Namespace) -> None:
    """Trains."""
    if platform.machine() in ("x86_64", "AMD64"):
        # Before TensorFlow is imported. It does without on CPUs that lack AVX512-VNNI; with it, a step takes 0.8 to
        # 0.85 of the time there (benchmarks/onednn.md).
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    from wsfcn_tf.config.reading import load_config

    config = load_config(arguments.config, arguments.set)

    from wsfcn_tf.data.datasets.dataset import open_dataset
    from wsfcn_tf.runs.folder import RunFolder
    from wsfcn_tf.training import train
    from wsfcn_tf.training.distribution import is_chief, open_strategy

    strategy = open_strategy()  # before the dataset, which may use TensorFlow
    folder = RunFolder(arguments.output)
    train(config, open_dataset(config.data, tell=print), folder, resume=arguments.resume, strategy=strategy)
    if is_chief(strategy):
        print(f"trained network: {folder.weights}")
