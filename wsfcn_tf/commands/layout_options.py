"""The options that say how a folder of another tool's is to be read; config files have the same as `data.*`."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsfcn_tf.data.layouts.gathering import Choices


def add_layout_options(parser: argparse.ArgumentParser) -> None:
    """Declares them."""
    from wsfcn_tf.data.layouts.recognise import LAYOUTS, NATIVE
    from wsfcn_tf.data.layouts.tools.tag_cells import SEPARATORS

    names = ("auto", *NATIVE, *LAYOUTS)
    parser.add_argument("--format", choices=names, default="auto", help="the folder's layout; auto recognises it")
    parser.add_argument("--tag-column", metavar="NAME", help="of a table: the column that holds the tags")
    parser.add_argument("--tag-separator", choices=SEPARATORS, help="of a table: what parts several tags in one cell")


def chosen(arguments: argparse.Namespace) -> "Choices":
    """What they say. Raises UserError if one is for another layout."""
    from wsfcn_tf.data.layouts.gathering import Choices
    from wsfcn_tf.errors import UserError

    if arguments.tag_column is not None and arguments.format not in ("auto", "table", "label_studio"):
        raise UserError("--tag-column is for --format auto, table and label_studio: leave it out")
    if arguments.tag_separator is not None and arguments.format not in ("auto", "table"):
        raise UserError("--tag-separator is for --format auto and table: leave it out")
    return Choices(arguments.tag_column, arguments.tag_separator)
