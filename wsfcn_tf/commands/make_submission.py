"""`make-submission`: masks of VOC 2012's test split as the archive that its server takes."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    from wsfcn_tf.inference.submission import COMPETITIONS

    parser.add_argument("masks", metavar="MASKS", help="folder of the masks, as predict --split test writes them")
    parser.add_argument("--data", required=True, help="the VOC 2012 folder, with JPEGImages and ImageSets")
    parser.add_argument("--split", default="test", help="name of the split (default: test)")
    parser.add_argument(
        "--competition",
        default="comp6",
        choices=COMPETITIONS,
        help="comp5: trained on VOC alone; comp6: on other data too, such as ImageNet (default)",
    )
    parser.add_argument("--output", required=True, help="the file to write, such as results.tar.gz")


def run(arguments: argparse.Namespace) -> None:
    """Checks the masks and packs them."""
    from wsfcn_tf.data.datasets.voc import VocFolder
    from wsfcn_tf.inference.submission import make_submission

    data = VocFolder(arguments.data, _classes())
    count = make_submission(arguments.masks, data, arguments.split, arguments.competition, arguments.output)
    print(f"{count} masks, as the server wants them: {arguments.output}")


def _classes() -> tuple[str, ...]:
    from wsfcn_tf.data.tags.class_names import VOC

    return VOC  # of a folder that does not say: the test release has no annotations
