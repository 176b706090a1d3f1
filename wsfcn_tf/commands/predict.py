"""`predict`: a mask for every photo."""

import argparse
from pathlib import Path

from wsfcn_tf.commands.inference_settings import add_set_argument, inference_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("photos", nargs="*", metavar="PHOTO_OR_DIR", help="photos, and folders to search for photos")
    parser.add_argument("--split", help="instead of photos: a split of the run's data, such as test")
    parser.add_argument("--data", help="with --split: another data folder")
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--weights", help="a run's folder, or a .weights.h5 file in one")
    network.add_argument(
        "--server", metavar="URL", help="instead: a model server, http://HOST:8501 or grpc://HOST:8500[/v1/models/NAME]"
    )
    add_set_argument(parser)
    parser.add_argument("--output", required=True, help="folder of the masks and overlays")


def run(arguments: argparse.Namespace) -> None:
    """Predicts."""
    from wsfcn_tf.errors import UserError

    if bool(arguments.photos) == bool(arguments.split):
        raise UserError("name photos or folders to predict, or a split of the data with --split")
    if arguments.data and not arguments.split:
        raise UserError("--data is the folder that --split is taken from; for a folder of photos, leave out --data")
    if arguments.server and (arguments.split or arguments.set):
        raise UserError("--split and --set need --weights: a server has no data, and its settings were exported")
    masks = _predict_on_server(arguments) if arguments.server else _predict_here(arguments)
    print(f"{len(masks)} masks and overlays: {arguments.output}")


def _predict_on_server(arguments: argparse.Namespace) -> list[Path]:
    from wsfcn_tf.serving.client.files import predict_on_server

    return predict_on_server(arguments.server, arguments.photos, arguments.output)


def _predict_here(arguments: argparse.Namespace) -> list[Path]:
    from wsfcn_tf.errors import UserError
    from wsfcn_tf.inference.photos import predict_photos, predict_split
    from wsfcn_tf.inference.predictor import Predictor
    from wsfcn_tf.weights.trained import load_trained

    trained = load_trained(arguments.weights)
    root = arguments.data or trained.config.data.root
    if arguments.split and root and Path(arguments.output).resolve().is_relative_to(Path(root).resolve()):
        raise UserError(f"{arguments.output}: lies in the data folder {root}, whose files must not be overwritten")
    inference = inference_of(trained, arguments)
    predictor = Predictor(trained.model, inference)
    if arguments.split:
        return predict_split(predictor, trained.dataset(arguments.data), arguments.split, arguments.output)
    return predict_photos(predictor, arguments.photos, arguments.output, trained.class_names)
