"""`serve-bundle`: all that starts TensorFlow Serving on exported networks."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("models", metavar="MODELS/NAME", help="folder with the versions that export wrote: 1, 2, ...")
    parser.add_argument("--output", required=True, help="folder to make")
    parser.add_argument("--image", help="container image (default: tensorflow/serving of the installed version)")
    parser.add_argument("--warmup", type=int, default=6, help="requests a version answers before it is served (6)")
    parser.add_argument("--max-batch", type=int, default=8, help="photos the server puts together (8)")
    parser.add_argument("--batch-timeout-ms", type=int, default=5, help="how long a photo waits for others (5)")
    parser.add_argument("--batch-threads", type=int, default=2, help="batches computed at the same time (2)")


def run(arguments: argparse.Namespace) -> None:
    """Writes the bundle."""
    from wsfcn_tf.serving.bundle.bundle import BundleConfig, write_bundle

    config = BundleConfig(
        arguments.image, arguments.warmup, arguments.max_batch, arguments.batch_timeout_ms, arguments.batch_threads
    )
    versions = write_bundle(arguments.models, arguments.output, config)
    print(f"{versions.name}, versions {', '.join(map(str, versions.folders))}: {arguments.output}")
    print(f"start it: docker compose --project-directory {arguments.output} up --build")
