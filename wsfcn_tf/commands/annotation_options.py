"""What `predict` writes: masks, or annotations in a tool's form; of all photos, or of the least certain."""

import argparse
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsfcn_tf.data.annotations.form import Options

# `FORMS` and `WITH_RUN_LENGTHS`, without the libraries that they need
TOOLS = ("coco", "labelme", "cvat", "label-studio", "yolo")
RUN_LENGTHS = ("coco", "cvat", "label-studio")


def add_annotation_options(parser: argparse.ArgumentParser) -> None:
    """Declares them."""
    parser.add_argument(
        "--write",
        choices=("masks", *TOOLS),
        default="masks",
        help="what to write: masks and overlays (default), or annotations to correct in another tool",
    )
    parser.add_argument(
        "--tolerance", type=float, metavar="PIXELS", help="how far polygons may be from the masks' borders (default: 1)"
    )
    parser.add_argument("--rle", action="store_true", help="run lengths, which lose nothing, instead of polygons")
    parser.add_argument("--with-photos", action="store_true", help="put the photos beside the annotations, as links")
    parser.add_argument(
        "--photo-prefix", metavar="ADDRESS", help="what photos' addresses begin with in label-studio's tasks"
    )
    parser.add_argument(
        "--least-certain",
        type=int,
        metavar="N",
        help="order the photos by how uncertain their masks are, least_certain.csv, and write the N first only",
    )


def check_annotation_options(arguments: argparse.Namespace) -> None:
    """Raises UserError if two of them do not agree, or a number is out of range."""
    from wsfcn_tf.errors import UserError

    write, tolerance, number = arguments.write, arguments.tolerance, arguments.least_certain
    if number is not None and number < 1:
        raise UserError(f"--least-certain must be at least 1, not {number}")
    if arguments.server and (number is not None or write != "masks"):
        raise UserError(
            "--write and --least-certain need --weights: a server names only the classes that it finds, and shows none "
            "of its views"
        )
    if arguments.rle and write not in RUN_LENGTHS:
        raise UserError(f"--rle is for --write {', '.join(RUN_LENGTHS)}: leave it out")
    if tolerance is not None and (write == "masks" or arguments.rle):
        raise UserError("--tolerance is for polygons, and there are none to write: leave it out, or choose a --write")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance >= 0):
        raise UserError(f"--tolerance must be a number of pixels, 0 or more, not {tolerance}")
    if arguments.with_photos and write == "masks":
        raise UserError("--with-photos is for annotations: leave it out, or choose a --write")
    if arguments.photo_prefix is not None and write != "label-studio":
        raise UserError("--photo-prefix is for --write label-studio: leave it out")


def annotation_options(arguments: argparse.Namespace) -> "Options":
    """How regions are written."""
    from wsfcn_tf.data.annotations.form import Options

    tolerance = 1.0 if arguments.tolerance is None else arguments.tolerance
    return Options(tolerance, arguments.rle, arguments.photo_prefix or "")


def annotation_record(arguments: argparse.Namespace) -> dict[str, Any]:
    """What annotations depend on beside their masks; nothing for masks."""
    if arguments.write == "masks":
        return {}
    options = annotation_options(arguments)
    form = {"write": arguments.write, "with_photos": arguments.with_photos, "photo_prefix": options.photo_prefix}
    return form | {"tolerance": None if options.run_lengths else options.tolerance}
