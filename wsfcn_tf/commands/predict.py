"""`predict`: a mask for every photo."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("photos", nargs="+", metavar="PHOTO_OR_DIR", help="photos, and folders to search for photos")
    parser.add_argument("--weights", required=True, help="a run's folder, or a .weights.h5 file in one")
    parser.add_argument("--output", required=True, help="folder of the masks and overlays")


def run(arguments: argparse.Namespace) -> None:
    """Predicts."""
    from wsfcn_tf.inference.photos import predict_photos
    from wsfcn_tf.inference.predictor import Predictor
    from wsfcn_tf.weights.trained import load_trained

    trained = load_trained(arguments.weights)
    predictor = Predictor(trained.model, trained.config.inference)
    masks = predict_photos(predictor, arguments.photos, arguments.output, trained.class_names)
    print(f"{len(masks)} masks and overlays: {arguments.output}")
